include: [two]
a: one
d: {x: 1}
