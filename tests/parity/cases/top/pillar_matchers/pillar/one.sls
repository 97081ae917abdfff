p: q
s: t
l: [a, b]
d: {one: {x: 1}, two: {y: 2}}
