after:
  file.line:
    - name: {{ grains.root }}/conf
    - content: networks = files dns
    - after: ^hosts
    - mode: ensure
before:
  file.line:
    - name: {{ grains.root }}/conf
    - content: first = 1
    - before: ^hosts
    - mode: ensure
between:
  file.line:
    - name: {{ grains.root }}/conf
    - content: between = 1
    - after: ^passwd
    - before: ^shadow
    - mode: ensure
