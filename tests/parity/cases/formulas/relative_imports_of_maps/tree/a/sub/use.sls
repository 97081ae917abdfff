{%- from '../other.jinja' import b with context %}
{%- from salt.file.dirname(tpldir) ~ '/map.jinja' import a as again %}
use:
  test.nop:
    - a: {{ a | json }}
    - b: {{ b }}
    - again: {{ again | json }}
    - here: [{{ slspath }}, {{ tpldir }}, {{ tplfile }}, {{ sls }}, {{ slsdotpath }}]
