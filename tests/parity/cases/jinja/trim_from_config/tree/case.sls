case:
  test.nop:
    - names:
{% for i in [1, 2] %}
      - n{{ i }}
{% endfor %}
    - text: |
        a
        {% if true %}
        b
        {% endif %}
        c
