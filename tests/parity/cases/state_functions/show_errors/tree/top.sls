base: {"*": [bad, missing]}
