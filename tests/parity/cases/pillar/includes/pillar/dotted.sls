dotted: {{ sls }}
