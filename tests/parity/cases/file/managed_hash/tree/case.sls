good:
  file.managed:
    - name: {{ grains.root }}/good
    - source: {{ grains.root }}/a
    - source_hash: sha1=3f786850e387550fdab836ed7e6dc881de23001b
bare:
  file.managed:
    - name: {{ grains.root }}/bare
    - source: {{ grains.root }}/a
    - source_hash: 60b725f10c9c85c70d97880dfe8191b3
list:
  file.managed:
    - name: {{ grains.root }}/list
    - source: {{ grains.root }}/a
    - source_hash: salt://sums
bad:
  file.managed:
    - name: {{ grains.root }}/bad
    - source: {{ grains.root }}/a
    - source_hash: md5=00000000000000000000000000000000
bad_there:
  file.managed:
    - name: {{ grains.root }}/there
    - source: {{ grains.root }}/a
    - source_hash: md5=00000000000000000000000000000000
bad_type:
  file.managed:
    - name: {{ grains.root }}/x
    - source: {{ grains.root }}/a
    - source_hash: crc=00000000
bad_length:
  file.managed:
    - name: {{ grains.root }}/x
    - source: {{ grains.root }}/a
    - source_hash: md5=3f786850e387550fdab836ed7e6dc881de23001b
skipped:
  file.managed:
    - name: {{ grains.root }}/skipped
    - source: {{ grains.root }}/a
    - source_hash: md5=00000000000000000000000000000000
    - skip_verify: True
web:
  file.managed:
    - name: {{ grains.root }}/x
    - source: http://127.0.0.1:1/x
