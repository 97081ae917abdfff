base: {"*": [case, ex]}
