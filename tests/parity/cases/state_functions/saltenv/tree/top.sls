base: {"*": [case]}
dev: {"*": [only]}
