include: [two, two]
a: one
