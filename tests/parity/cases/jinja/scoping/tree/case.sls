{% set x = 'top' %}{% set n = namespace(x='ns') %}
case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {% for i in [1, 2] %}{% set x = i %}{% set n.x = i %}{{ x }} {% endfor %}{{ x }} {{ n.x }}
        {% if true %}{% set x = 'if' %}{% endif %}{{ x }}
        {% if false %}{% set never = 1 %}{% endif %}{{ never is defined }}
        {% with x = 'with', y = x %}{{ x }} {{ y }}{% endwith %} {{ x }}
        {% set a, b = [1, 2] %}{{ a }}{{ b }}
        {% for x in [7] %}{{ x }}{% endfor %} {{ x }}
        {% for i in [1, 2] %}{{ x }}{% set x = x ~ i %} {% endfor %}
