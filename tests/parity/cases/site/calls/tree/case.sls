{% set things = salt['shelf.list']() %}
told:
  test.configurable_test_state:
    - changes: True
    - result: True
    - comment: {{ things | join(', ') }} at {{ salt['shelf.everything']('x').site }}

{% if 'shelf.add' in salt %}
run:
  module.run:
    - shelf.add:
      - thing: coffee
      - count: 2
      - shelf: middle
    - shelf.list:
{% endif %}

older:
  module.run:
    - name: shelf.add
    - thing: milk
    - count: 1

only:
  test.succeed_without_changes:
    - onlyif:
      - fun: shelf.list
never:
  test.succeed_without_changes:
    - unless:
      - fun: shelf.list

refused:
  module.run:
    - shelf.add:
      - thing: salt
      - count: no number
