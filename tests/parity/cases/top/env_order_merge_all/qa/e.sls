qa-e: {test.nop: []}
