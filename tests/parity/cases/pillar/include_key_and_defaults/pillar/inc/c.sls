dc: {{ d|default("none") }}
