{% from './map.jinja' import where, opt with context %}
{% import 'lib/sub/map.jinja' as nocontext %}
ctx_sub:
  test.nop:
    - vars: [{{ sls }}, {{ slspath }}, {{ slsdotpath }}, "{{ slscolonpath }}", {{ sls_path }}, {{ tplfile }}, {{ tpldir }}, {{ tpldot }}]
    - with: {{ where }}
    - without: {{ nocontext.where }}
    - opt: {{ opt.a }}
