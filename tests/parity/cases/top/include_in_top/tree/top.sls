include: [more.*]
base: {"*": [a]}
