{% for i in [1] %}
{% if i %}
{% endfor %}
