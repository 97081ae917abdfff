tree-a: {test.nop: []}
