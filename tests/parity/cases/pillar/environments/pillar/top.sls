base: {"*": [one]}
dev: {"*": [two]}
