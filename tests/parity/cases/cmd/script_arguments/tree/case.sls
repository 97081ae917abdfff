list:
  cmd.script:
    - source: salt://t.sh
    - args: [1, a b]
text:
  cmd.script:
    - source: salt://t.sh
    - args: one "two three"
in_name:
  cmd.script:
    - name: salt://t.sh x y
    - source: salt://t.sh
both:
  cmd.script:
    - name: salt://t.sh x y
    - source: salt://t.sh
    - args: z
none:
  cmd.script:
    - name: salt://t.sh
