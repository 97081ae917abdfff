nop: {test.nop: []}
