whitespace:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        a {%- if true %} b {% endif -%} c
        {%- for i in [1, 2] %}
        x{{ i }}
        {%- endfor %}
        {# a comment #}
        after {#- tight -#} comment
        {{- ' joined' }}
