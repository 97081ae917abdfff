config:
  test.nop:
    - name: {{ sls }} {{ slspath }} {{ tpldir }} {{ tplfile }}
