{% set x = 'before' %}
{% macro show(a, b='d', c=x) %}{{ a }} {{ b }} {{ c }} {{ x }}{% set x = 'inside' %}{{ x }}{% endmacro %}
{% set x = 'after' %}
case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {{ show(1) }}
        {{ show(1, b=2) }} {{ x }}
        {{ show(*[1, 2], **{'c': 3}) }}
        {% macro outer() %}{% macro inner() %}in{% endmacro %}{{ inner() }}{% endmacro %}{{ outer() }}
        {{ show.name }} {{ show.arguments }}
