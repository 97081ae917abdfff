base: {"*": one}
