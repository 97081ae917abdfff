d: {x: 1, y: {z: [1, 2.5, null, true]}}
l: [3, 4]
s: q
