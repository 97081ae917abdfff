b2: test.nop
