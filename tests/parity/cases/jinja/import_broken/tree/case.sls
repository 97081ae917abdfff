{% import_yaml 'case/bad.yaml' as y %}
{{ y }}
