b: dev
