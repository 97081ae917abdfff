one:
  environ.setenv:
    - name: PARITY_A
    - value: bar
seen:
  cmd.run:
    - name: echo "$PARITY_A"
again:
  environ.setenv:
    - name: PARITY_A
    - value: bar
several:
  environ.setenv:
    - name: no matter
    - value: {PARITY_B: b, PARITY_C: false}
away:
  environ.setenv:
    - name: PARITY_A
    - value: false
    - false_unsets: True
away_already:
  environ.setenv:
    - name: PARITY_NONE
    - value: false
    - false_unsets: True
emptied:
  environ.setenv:
    - name: PARITY_D
    - value: false
number:
  environ.setenv:
    - name: PARITY_E
    - value: 5
number_within:
  environ.setenv:
    - name: x
    - value: {PARITY_F: 5}
all_seen:
  cmd.run:
    - name: echo "${PARITY_A-unset} $PARITY_B ${PARITY_C-unset} ${PARITY_D-unset} ${PARITY_F-unset}"
