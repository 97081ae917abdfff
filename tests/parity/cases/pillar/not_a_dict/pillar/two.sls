include: x
b: 1
