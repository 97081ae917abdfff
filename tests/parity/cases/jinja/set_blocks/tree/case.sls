{% set text | upper | trim %}
  some text
{% endset %}
{% load_yaml as data %}
a: [1, yes, ~, 010, 1.0]
b: {c: "{{ text }}"}
{% endload %}
{% load_json as j %}{"a": [1, 2.5, null, true]}{% endload %}
{% load_text as t %}{{ 1 + 1 }}{% endload %}
case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        [{{ text }}] {{ data }} {{ j }} {{ t }}
        {% filter replace('a', 'o') | upper %}banana {{ data.b.c }}{% endfilter %}
        {% profile as 'a label' %}timed{% endprofile %}
