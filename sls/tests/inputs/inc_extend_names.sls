include:
  - lib.named
extend:
  named:
    test:
      - name: only
  /by/name:
    test:
      - comment: found by name
