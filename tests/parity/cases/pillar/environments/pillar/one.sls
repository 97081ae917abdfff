a: base
b: base
