b: two
l: [1]
