one:
  test.nop:
    - name: {{ grains.nobody.home }}
