{% set password = "hunter3" %}
{{ nothing.there }}
