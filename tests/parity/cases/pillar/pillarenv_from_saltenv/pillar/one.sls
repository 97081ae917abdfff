a: base
