%YAML 1.1
%TAG !e! tag:yaml.org,2002:
---
a:
  test.nop:
    - x: !e!str 1
    - y: !e!int '0x1F'
...
# after the document
