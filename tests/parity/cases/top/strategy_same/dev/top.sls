base: {"*": [b]}
dev: {"*": [d]}
