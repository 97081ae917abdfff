lines:
  cmd.run:
    - name: |
        for i in 1 2 3; do
          echo "line $i"
        done
folded:
  cmd.run:
    - name: >-
        echo one
        two
        three
empty_lines:
  cmd.run:
    - name: printf '\n\n  indented\n\ntrailing  \n\n\n'
