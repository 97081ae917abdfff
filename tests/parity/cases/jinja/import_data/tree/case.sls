{% set dir = 'case' %}
{% import_yaml dir ~ '/map.yaml' as y %}{% import_json 'case/map.json' as j %}{% import_text 'case/map.txt' as t %}
case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {{ y }} {{ y.list[1] }} {{ j.a }} [{{ t }}]
        {% do y.update({'new': 1}) %}{% import_yaml 'case/map.yaml' as again %}{{ again.new is defined }} {{ y.new }}
