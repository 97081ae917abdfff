none:
  file.serialize:
    - name: {{ grains.root }}/a
both:
  file.serialize:
    - name: {{ grains.root }}/a
    - dataset: {a: 1}
    - dataset_pillar: data
two_formats:
  file.serialize:
    - name: {{ grains.root }}/a
    - dataset: {a: 1}
    - serializer: json
    - formatter: yaml
unknown:
  file.serialize:
    - name: {{ grains.root }}/a
    - dataset: {a: 1}
    - serializer: nothing
not_made:
  file.serialize:
    - name: {{ grains.root }}/a
    - dataset: {a: 1}
    - create: False
no_dir:
  file.serialize:
    - name: {{ grains.root }}/no/a
    - dataset: {a: 1}
warned:
  file.serialize:
    - name: {{ grains.root }}/b
    - dataset: {a: 1}
    - deserializer_opts: [x: 1]
