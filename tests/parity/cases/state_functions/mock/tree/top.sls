base: {"*": [case]}
