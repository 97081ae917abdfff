include: [one, two]
a: test.nop
