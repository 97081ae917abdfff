
{% if grains.root %}
{{ raise('this host is not meant') }}
{% endif %}
