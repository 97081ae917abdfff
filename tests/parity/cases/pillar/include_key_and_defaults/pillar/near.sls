near: 1
