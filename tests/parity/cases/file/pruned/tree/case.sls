empty:
  file.pruned:
    - name: {{ grains.root }}/empty
made:
  file.directory:
    - name: {{ grains.root }}/tree/a/b
    - makedirs: True
    - order: 1
empty_made:
  file.directory:
    - name: {{ grains.root }}/empty
    - order: 1
full:
  file.pruned:
    - name: {{ grains.root }}/full
recursed:
  file.pruned:
    - name: {{ grains.root }}/tree
    - recurse: True
partly:
  file.pruned:
    - name: {{ grains.root }}/full
    - ignore_errors: True
gone:
  file.pruned:
    - name: {{ grains.root }}/nothing
