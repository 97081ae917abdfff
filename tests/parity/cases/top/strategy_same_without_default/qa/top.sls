qa: {"*": [e]}
dev: {"par*": [d]}
