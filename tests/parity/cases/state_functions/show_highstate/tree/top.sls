base: {"*": [case, sub]}
