{% import_yaml "data.yaml" as data %}
{% import_json "data.json" as jdata %}
{% import_text "data.txt" as text %}
{% load_yaml as inline %}
a: [1, yes, 0x10]
b: {{ data.name }}
{% endload %}
{% load_json as j %}{"x": [1, null, 1.5]}{% endload %}
{% load_text as t %}plain {{ 1 + 1 }}{% endload %}
{% import "macros.jinja" as macros %}
{% from "macros.jinja" import greet as hello %}
tags:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {{ data }}
        {{ jdata }}
        {{ text.strip() }}
        {{ inline }} {{ j }} {{ t }}
        {{ macros.greet('you') }} {{ hello('me') }} {{ macros.constant }}
        {% include "part.jinja" %}
        {% include "nowhere.jinja" ignore missing %}
        {% for name in data %}{{ name }} {% endfor %}
