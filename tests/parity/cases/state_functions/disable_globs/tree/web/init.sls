w: {test.nop: []}
