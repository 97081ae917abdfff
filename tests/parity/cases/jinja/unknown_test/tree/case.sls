{% if 'x' is mapingg %}{% endif %}
