c: three
