{% set items = [1, 2] %}
trim:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {% for i in items %}
        item {{ i }}
        {% endfor %}
        end
