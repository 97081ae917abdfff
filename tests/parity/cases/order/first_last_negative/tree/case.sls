a: {test.nop: [{order: last}]}
b: {test.nop: [{order: -1}]}
c: {test.nop: [{order: -5}]}
d: {test.nop: [{order: first}]}
e: {test.nop: [{order: 0}]}
f: {test.nop: [{order: 20000}]}
g: test.nop
h: {test.nop: [{order: nonsense}]}
i: {test.nop: [{order: 2.5}]}
