base: {"*": [one, three]}
