{% for i in range(200000) %}{% endfor %}
