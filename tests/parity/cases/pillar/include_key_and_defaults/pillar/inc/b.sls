db: {{ d|default("none") }}
