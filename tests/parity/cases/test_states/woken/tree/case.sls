changed:
  test.succeed_with_changes
{% for fun in ['nop', 'succeed_without_changes', 'fail_without_changes', 'succeed_with_changes', 'fail_with_changes', 'configurable_test_state', 'show_notification'] %}
{{ fun }}:
  test.{{ fun }}:
    {%- if fun == 'show_notification' %}
    - text: told
    {%- endif %}
    - watch:
      - test: changed
{% endfor %}
with_comment:
  test.succeed_without_changes:
    - comment: mine
    - watch:
      - test: changed
