#!json
{"one": {"test.nop": [{"name": "json"}]}}
