base: {"par*": [b]}
