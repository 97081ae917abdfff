ctx_lib:
  test.nop:
    - vars: [{{ sls }}, {{ slspath }}, {{ slsdotpath }}, {{ slscolonpath }}, {{ sls_path }}, {{ tplfile }}, {{ tpldir }}, {{ tpldot }}]
