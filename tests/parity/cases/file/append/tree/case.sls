text:
  file.append:
    - name: {{ grains.root }}/there
    - text: third
present:
  file.append:
    - name: {{ grains.root }}/there
    - text: second
list:
  file.append:
    - name: {{ grains.root }}/there
    - text:
      - fourth
      - first
      - fifth
new:
  file.append:
    - name: {{ grains.root }}/new
    - text: |
        one
        two
source:
  file.append:
    - name: {{ grains.root }}/sourced
    - source: salt://lines.txt
parents:
  file.append:
    - name: {{ grains.root }}/x/y
    - text: z
    - makedirs: True
