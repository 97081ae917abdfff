one:
  test.nop:
    - reload_modules: True
    - reload_grains: True
    - fire_event: True
    - order: 5
two:
  test.nop:
    - parallel: False
