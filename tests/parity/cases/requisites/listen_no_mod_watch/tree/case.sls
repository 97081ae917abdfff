changed:
  test.succeed_with_changes
listener:
  file.touch:
    - name: {{ grains.root }}/x
    - listen: [{test: changed}]
