#jinja2: {"trim_blocks": true, "lstrip_blocks": true}
case:
  test.nop:
    - text: |
        a
        {% if true %}
        b
        {% endif %}
        c
