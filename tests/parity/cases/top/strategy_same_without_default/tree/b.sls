tree-b: {test.nop: []}
