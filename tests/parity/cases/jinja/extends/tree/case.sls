{% extends "skeleton.jinja" %}
{% block states %}
{{ super() }}
two:
  test.nop
{% endblock %}
