include: [case]
c: test.nop
