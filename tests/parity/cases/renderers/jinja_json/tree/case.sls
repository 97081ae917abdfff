#!jinja|json
{"a": {"test.show_notification": [{"text": "{{ grains.id }}"}]}}
