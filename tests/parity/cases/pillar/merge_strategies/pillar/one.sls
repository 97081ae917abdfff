app: {a: 1, l: [1]}
only: one
