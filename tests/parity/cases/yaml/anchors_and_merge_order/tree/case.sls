{% raw %}{% endraw %}
defaults: &defaults
  test.nop:
    - user: root
    - mode: '0644'
a:
  test.nop: &args
    - x: {<<: &base {one: 1, two: 2}, two: own}
    - y: {two: own, <<: [{one: first, three: 3}, {one: second, four: 4}]}
    - z: {<<: {b: 1, a: 2}, c: 3}
b:
  test.nop: *args
c:
  test.nop:
    - <<: {k: v}
    - w: &shared [1, {k: v}]
    - u: *shared
