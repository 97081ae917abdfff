{%- for repo, args in {'main': {'url': 'https://example.org', 'arch': ['amd64', 'i386'], 'type': ['binary', 'source']}, 'bare': {'distro': 'sid', 'keyid': 'ABC'}}.items() %}
{%- set arch = '[arch=' ~ args.arch | join(',') ~ '] ' if args.arch is defined else '' %}
{%- set url = args.url or 'https://deb.example.net' %}
  {%- for type in args.type | d(['binary']) %}
{{ repo }}-{{ type }}:
  pkgrepo.managed:
    - name: {{ 'deb-src' if type == 'source' else 'deb' }} {{ arch }}{{ url }} {{ args.distro or 'stable' }} {{ args.comps | default(['main']) | join(' ') }}
    {% if args.key_url is defined %}
    - key_url: {{ args.key_url }}
    {% elif args.keyid is defined %}
    - keyid: {{ args.keyid }}
    {% endif %}
    - clean_file: true
  {%- endfor %}
{%- endfor %}
