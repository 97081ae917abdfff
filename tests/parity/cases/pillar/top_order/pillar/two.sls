a: two
b: two
