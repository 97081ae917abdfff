base: {"*": [one, two, three]}
