fallback:
  file.managed:
    - name: {{ grains.root }}/fallback
    - source:
      - salt://{{ grains.id }}.none
      - salt://second.txt
local:
  file.managed:
    - name: {{ grains.root }}/local
    - source: {{ grains.root }}/here
by_hash:
  file.managed:
    - name: {{ grains.root }}/hashed
    - source: salt://second.txt
    - source_hash: sha256=4a0a1ad4ab9ad3d0b1b1e5c1f2a3f4b3
