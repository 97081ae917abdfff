base:
  '*':
    - saltycontainer
