a: dev
