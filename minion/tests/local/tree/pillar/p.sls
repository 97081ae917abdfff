a: {b: {c: 1}, l: [1,2]}
s: text
