pillar:
  file.managed:
    - name: {{ grains.root }}/pillar
    - contents_pillar: app:text
pillars:
  file.managed:
    - name: {{ grains.root }}/pillars
    - contents_pillar: [app:text, app:more]
missing:
  file.managed:
    - name: {{ grains.root }}/x
    - contents_pillar: app:nothing
grains:
  file.managed:
    - name: {{ grains.root }}/grains
    - contents_grains: some
delimiter:
  file.managed:
    - name: {{ grains.root }}/delimiter
    - contents_pillar: app|text
    - contents_delimiter: '|'
no_newline:
  file.managed:
    - name: {{ grains.root }}/no_newline
    - contents: text
    - contents_newline: False
number:
  file.managed:
    - name: {{ grains.root }}/number
    - contents: 5
template:
  file.managed:
    - name: {{ grains.root }}/template
    - contents: "{{ '{{ x }}' }}"
    - template: jinja
    - context: {x: rendered}
empty:
  file.managed:
    - name: {{ grains.root }}/empty
    - contents: ""
    - allow_empty: False
