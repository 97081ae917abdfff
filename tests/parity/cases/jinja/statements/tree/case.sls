{% macro line(text, prefix='-') -%}
{{ prefix }} {{ text }} {{ varargs }} {{ kwargs }}
{%- endmacro %}
{% macro wrap() -%}<{{ caller('in') }}>{%- endmacro %}
{% set ns = namespace(total=0) %}
statements:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {% for item in [3, 1, 2] | sort %}{% set ns.total = ns.total + item -%}
        {{ loop.index }}/{{ loop.length }} {{ item }} {{ loop.first }} {{ loop.last }} {{ loop.cycle('a', 'b') }}
        {% else %}
        none
        {% endfor %}
        total {{ ns.total }}
        {% for item in [] %}x{% else %}empty{% endfor %}
        {% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 4 %}{% break %}{% endif %}{{ i }}{% endfor %}
        {{ line('text') }}
        {{ line('text', '*', 1, 2, k=3) }}
        {% call(what) wrap() %}{{ what }} the call{% endcall %}
        {% filter upper %}shout{% endfilter %}
        {% with a = 1, b = 2 %}{{ a + b }}{% endwith %}
        {% raw %}{{ raw }}{% endraw %}
        {% set block %}a block{% endset %}{{ block | title }}
        {%- for k, v in {'x': 1, 'y': 2}.items() recursive %} {{ k }}={{ v }}{% endfor %}
