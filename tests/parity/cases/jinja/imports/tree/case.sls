{% set visible = 'yes' %}
{% import 'case/lib.jinja' as plain %}
{% import 'case/lib.jinja' as knowing with context %}
{% from 'case/lib.jinja' import greet as hello, settings %}
case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {{ plain.greet('a') }} {{ knowing.greet('b') }} {{ hello('c') }}
        {{ plain.context }} {{ knowing.context }}
        {% do settings.update({'added': 1}) %}{{ settings }} {{ plain.settings }} {{ knowing.settings }}
        {{ plain._hidden is defined }} {{ plain.nothing is defined }}
