rendered:
  file.managed:
    - name: {{ grains.root }}/rendered
    - source: salt://files/t.jinja
    - template: jinja
    - context:
        who: context
        items: [1, two, {three: 3}]
    - defaults:
        who: defaults
        only_default: yes
inline:
  file.managed:
    - name: {{ grains.root }}/inline
    - contents: "{{ '{{' }} 1 + 1 {{ '}}' }} {{ '{{' }} who {{ '}}' }}"
    - template: jinja
    - context: {who: me}
by_pillar:
  file.managed:
    - name: {{ grains.root }}/by_pillar
    - contents_pillar: text
bad_pillar:
  file.managed:
    - name: {{ grains.root }}/bad_pillar
    - contents_pillar: no:such:key
undefined:
  file.managed:
    - name: {{ grains.root }}/undefined
    - source: salt://files/undefined.jinja
    - template: jinja
