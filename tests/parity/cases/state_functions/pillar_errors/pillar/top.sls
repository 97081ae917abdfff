base: {"*": [missing]}
