block:
  file.serialize:
    - name: {{ grains.root }}/a
    - dataset:
        b: [1, two, null]
        a: {c: true, d: 'no'}
flow:
  file.serialize:
    - name: {{ grains.root }}/b
    - dataset: {x: [1, 2], y: {z: 3}}
    - serializer: yaml
    - serializer_opts:
      - default_flow_style: True
      - explicit_start: True
indent:
  file.serialize:
    - name: {{ grains.root }}/c
    - dataset: {x: {y: {z: [1]}}}
    - serializer_opts: [indent: 4]
text:
  file.serialize:
    - name: {{ grains.root }}/d
    - dataset: just text
