from_pillar:
  file.serialize:
    - name: {{ grains.root }}/a
    - dataset_pillar: app:config
    - serializer: json
    - mode: "0600"
    - makedirs: True
