base: {"*": [case, two]}
