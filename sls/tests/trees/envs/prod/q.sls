q: test.nop
