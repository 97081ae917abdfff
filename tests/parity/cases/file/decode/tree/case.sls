new:
  file.decode:
    - name: {{ grains.root }}/new
    - encoded_data: aGVsbG8K
    - checksum: sha256
there:
  file.decode:
    - name: {{ grains.root }}/a
    - encoded_data: |
        aGVs
        bG8K
changed:
  file.decode:
    - name: {{ grains.root }}/b
    - encoded_data: aGVsbG8K
