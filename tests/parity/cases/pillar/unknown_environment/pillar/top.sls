base: {"*": [one]}
nope: {"*": [two]}
