plain:
  file.serialize:
    - name: {{ grains.root }}/a
    - dataset: {b: [1, two], a: {c: true, d: null}, u: "\u00fc"}
    - formatter: json
compact:
  file.serialize:
    - name: {{ grains.root }}/b
    - dataset: {b: 1, a: 2}
    - serializer: json
    - serializer_opts: [indent: 4, sort_keys: False]
merged:
  file.serialize:
    - name: {{ grains.root }}/c
    - dataset: {new: 1, deep: {b: 2}}
    - serializer: json
    - merge_if_exists: True
same:
  file.serialize:
    - name: {{ grains.root }}/d
    - dataset: {a: 1}
    - serializer: json
    - merge_if_exists: True
