dev-c: {test.nop: []}
