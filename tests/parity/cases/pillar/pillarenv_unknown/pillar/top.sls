base: {"*": [one]}
