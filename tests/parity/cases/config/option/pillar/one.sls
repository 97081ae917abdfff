word: pillar
ponly: 1
my: {d: {y: 2}, p: 1}
master: {word: master, monly: 2, my: {m: 1}}
