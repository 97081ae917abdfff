five: {test.nop: []}
