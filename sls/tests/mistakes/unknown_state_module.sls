web:
  tset.nop: []
