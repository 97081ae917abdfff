base: {"*": [a]}
dev: {"*": [c]}
