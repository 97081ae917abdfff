ini:
  file.serialize:
    - name: {{ grains.root }}/a
    - dataset: {main: {Port: 80, host: x}, other: {a: 'b'}}
    - serializer: configparser
merged:
  file.serialize:
    - name: {{ grains.root }}/b
    - dataset: {main: {new: 1}}
    - serializer: configparser
    - merge_if_exists: True
