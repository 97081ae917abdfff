dev: {"par*": [three]}
