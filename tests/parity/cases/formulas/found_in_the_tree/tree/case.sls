{%- from salt['slsutil.findup']('a/b', 'map.jinja') import found %}
show:
  test.nop:
    - found: {{ found }}
    - up: {{ salt['slsutil.findup']('a/b', ['nothing', 'top.jinja']) }}
    - here: {{ salt['slsutil.findup']('a/b', 'c.sls') }}
    - file: {{ salt['slsutil.file_exists']('a/map.jinja') }}
    - no_file: {{ salt['slsutil.file_exists']('a') }}
    - dir: {{ salt['slsutil.dir_exists']('a/b') }}
    - path: {{ salt['slsutil.path_exists']('a/nothing') }}
    - sls: {{ salt['state.sls_exists']('a.b.c') }}
    - no_sls: {{ salt['state.sls_exists']('a.none') }}
    - states: {{ salt['cp.list_states']() | json }}
    - dirs: {{ salt['cp.list_master_dirs'](prefix='a') | json }}
