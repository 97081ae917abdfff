a:
  test.nop:
    - ? one
      : 1
    - ? "two words"
      : - a
        - b
    - {? x : y, ? z}
    - 1: int
      1.5: float
      true: bool
      null: none
