a:
  test.no_such: []
