a: two
d: {x: 2, y: 2}
