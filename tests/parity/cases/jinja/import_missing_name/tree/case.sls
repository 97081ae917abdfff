{% from 'case/lib.jinja' import y %}
{{ y }}
