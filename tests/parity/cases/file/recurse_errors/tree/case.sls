not_found:
  file.recurse:
    - name: {{ grains.root }}/x
    - source: salt://nothing
not_salt:
  file.recurse:
    - name: {{ grains.root }}/x
    - source: /etc
mode:
  file.recurse:
    - name: {{ grains.root }}/x
    - source: salt://files
    - mode: "0644"
in_the_way:
  file.recurse:
    - name: {{ grains.root }}/a
    - source: salt://files
relative:
  file.recurse:
    - name: x
    - source: salt://files
no_user:
  file.recurse:
    - name: {{ grains.root }}/x
    - source: salt://files
    - user: nobody-here
