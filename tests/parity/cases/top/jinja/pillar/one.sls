states: [a, b]
