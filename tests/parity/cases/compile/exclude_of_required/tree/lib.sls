gone: test.nop
