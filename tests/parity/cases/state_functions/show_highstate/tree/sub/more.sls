m: {test.nop: []}
