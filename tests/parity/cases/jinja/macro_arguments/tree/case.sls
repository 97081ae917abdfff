{% macro m(a, b='B') %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}
x:
  test.nop:
    - name: "{{ m(1, 2, 3, x=4) }}"
