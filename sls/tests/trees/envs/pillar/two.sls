v: two
w: two
