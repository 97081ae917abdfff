exclude: [{sls: b}]
x: {test.nop: []}
