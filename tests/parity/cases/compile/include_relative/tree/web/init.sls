include:
  - .config
  - web.service
here:
  test.nop:
    - name: {{ sls }} {{ slspath }} {{ tpldir }} {{ tplfile }} {{ tpldot }} {{ tplpath is defined }} {{ slsdotpath }} {{ slscolonpath }} {{ sls_path }}
