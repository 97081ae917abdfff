keyed: {{ word | default('none') }}
