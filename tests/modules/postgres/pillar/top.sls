base: {'*': [db]}
