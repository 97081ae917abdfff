case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        ===
        {% set x = 'x of the sls' %}{% include 'case/part.jinja' %}
        {% include 'case/part.jinja' without context %}
        {% include ['case/nothing.jinja', 'case/part.jinja'] %}
        [{% include 'case/nothing.jinja' ignore missing %}]
        {% for x in [1, 2] %}{% include 'case/part.jinja' %} {% endfor %}
