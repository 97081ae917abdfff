path:
  file.cached:
    - name: {{ grains.root }}/a
hash:
  file.cached:
    - name: {{ grains.root }}/a
    - source_hash: md5=60b725f10c9c85c70d97880dfe8191b3
bad_hash:
  file.cached:
    - name: {{ grains.root }}/a
    - source_hash: md5=00000000000000000000000000000000
missing:
  file.cached:
    - name: {{ grains.root }}/nothing
web:
  file.cached:
    - name: https://127.0.0.1:1/x
not_cached:
  file.not_cached:
    - name: {{ grains.root }}/a
not_cached_web:
  file.not_cached:
    - name: https://127.0.0.1:1/x
