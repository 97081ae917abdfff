exclude: [{id: a}]
