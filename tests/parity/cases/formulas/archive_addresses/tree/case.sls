{%- set p = {'dir': {'archive': '/opt'}, 'kernel': 'linux', 'arch': 'amd64', 'pkg': {'uri': 'https://example.org', 'component': {'node': {'version': 'v1.2.0', 'archive': {'skip_verify': True}}, 'none': {'archive': {}}}}} %}
{%- for name, v in p.pkg.component.items() %}
    {%- set url = None %}
    {%- set dir = name %}
    {%- if 'version' in v and v.version and 'archive' in v and 'uri' in p.pkg %}
        {%- set uri = '%s/%s/releases/download/%s/%s'|format(p.pkg.uri, name, v.version, name) %}
        {%- set url = '%s-%s.%s-%s.tar.gz'|format(uri, v.version|replace('v',''), p.kernel, p.arch) %}
        {%- set dir = '%s-%s'|format(name, v.version) %}
    {%- endif %}
    {%- do p.pkg.component[name].update({'path': p.dir.archive ~ '/' + dir}) %}
    {%- do p.pkg.component[name]['archive'].update({'name': p.dir.archive + '/' + dir, 'source': url}) %}
{%- endfor %}
{%- for name, v in p.pkg.component.items() %}
{{ name }}:
  archive.extracted:
    - source: {{ v.archive.source }}
    - path: {{ v.path }}
    - base: {{ v.path.split('/')[-1] | upper }}
    - version: {{ '{0}/{1}-{0}'.format(name, v.get('version', 'latest')) }}
    - all: {{ v | json }}
    - retry: {{ {'attempts': 3, 'until': true, 'interval': 60, 'splay': 10} | json }}
    - enforce_toplevel: {{ 'False' if 'strip' in name else 'True' }}
{%- endfor %}
