#!jinja|json
{"a": {"test.nop": [{"x": "{{ sls }}"}]}}
