case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        ===
        {% include 'case/child.jinja' %}
