app: {b: 2, l: [2]}
