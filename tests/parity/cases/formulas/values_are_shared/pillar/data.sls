list: [1]
deep: {list: [1]}
