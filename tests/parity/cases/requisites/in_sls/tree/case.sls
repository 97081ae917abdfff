include: [lib]
first:
  test.succeed_with_changes:
    - require_in:
      - sls: lib
