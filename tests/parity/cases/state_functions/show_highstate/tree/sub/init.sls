s: {test.nop: []}
