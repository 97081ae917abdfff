{% macro list(items) %}{% for i in items %}{{ caller(i, loop.index) }}{% endfor %}{{ varargs }}{{ kwargs }}{% endmacro %}
case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {% call(item, n) list(['a', 'b'], 1, k=2) %}{{ n }}={{ item }} {% endcall %}
        {% macro maybe() %}{{ caller() if caller is defined else 'no caller' }}{% endmacro %}{{ maybe() }} {% call maybe() %}called{% endcall %}
