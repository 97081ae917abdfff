{%- from './map.jinja' import a with context %}
{%- import_yaml slspath + '/defaults.yaml' as d %}
include:
  - .sub.use
main:
  test.nop:
    - a: {{ a | json }}
    - d: {{ d | json }}
