{% from 'nothing.jinja' import x %}
