other: test.nop
