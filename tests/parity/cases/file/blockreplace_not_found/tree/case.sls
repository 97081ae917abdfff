append:
  file.blockreplace:
    - name: {{ grains.root }}/a
    - content: x
    - append_if_not_found: True
    - backup: False
prepend:
  file.blockreplace:
    - name: {{ grains.root }}/b
    - content: x
    - prepend_if_not_found: True
    - backup: False
before:
  file.blockreplace:
    - name: {{ grains.root }}/c
    - content: x
    - insert_before_match: ^two
    - backup: False
after:
  file.blockreplace:
    - name: {{ grains.root }}/d
    - content: x
    - insert_after_match: ^one
    - backup: False
no_newline:
  file.blockreplace:
    - name: {{ grains.root }}/e
    - content: x
    - append_if_not_found: True
    - append_newline: False
    - backup: False
