base: {"*": [good, bad, secret_bad]}
