exists:
  grains.exists:
    - name: was

present:
  grains.present:
    - name: app:tier
    - value: gold

list_present:
  grains.list_present:
    - name: was
    - value: [b, c, d]

list_absent:
  grains.list_absent:
    - name: was
    - value: a

append:
  grains.append:
    - name: was
    - value: e

convert:
  grains.append:
    - name: plain
    - value: y
    - convert: True

absent:
  grains.absent:
    - name: old
    - destructive: True

none:
  grains.absent:
    - name: nothing
