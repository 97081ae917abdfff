a:
  test.nop:
    - x: {% raw %}{{ y }}{% endraw %}
