dev-d: {test.nop: []}
