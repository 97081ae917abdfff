app: {name: n, list: [1, 2]}
