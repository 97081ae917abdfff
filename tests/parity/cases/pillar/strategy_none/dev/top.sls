dev: {"*": [two]}
