tree-a1: {test.nop: []}
