tree-a2: {test.nop: []}
