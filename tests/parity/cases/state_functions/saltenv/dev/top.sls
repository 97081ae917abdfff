dev: {"*": [case]}
