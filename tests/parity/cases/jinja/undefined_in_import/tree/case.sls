{% from 'case/lib.jinja' import m %}
{{ m() }}
