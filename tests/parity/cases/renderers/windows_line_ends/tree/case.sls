a:
  test.show_notification:
    - text: |
        one
        two
