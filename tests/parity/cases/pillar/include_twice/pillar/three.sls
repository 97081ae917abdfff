include: [two]
b: three
