base: {"*": [a, b, ex]}
