included:
  file.recurse:
    - name: {{ grains.root }}/included
    - source: salt://files
    - include_pat: '*.conf'
excluded:
  file.recurse:
    - name: {{ grains.root }}/excluded
    - source: salt://files
    - exclude_pat: E@\.bak$
several:
  file.recurse:
    - name: {{ grains.root }}/several
    - source: salt://files
    - exclude_pat: ['*.bak', 'sub/*']
shallow:
  file.recurse:
    - name: {{ grains.root }}/shallow
    - source: salt://files
    - maxdepth: 0
