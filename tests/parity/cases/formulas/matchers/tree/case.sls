{%- set ask = {'C': 'config.get', 'G': 'grains.get', 'I': 'pillar.get'} %}
{%- set parsed = [] %}
{%- for matcher in ['defaults.yaml', 'G@os_family', 'Y:I@app:name', 'Y:C:!@app!list', 'I@none'] %}
{%-   set one = {} %}
{%-   set parts = matcher.split('@') %}
{%-   if parts | length == 1 %}
{%-     do one.update({'type': 'F', 'method': ask['C'], 'delimiter': ':', 'query': matcher}) %}
{%-   else %}
{%-     set meta = parts[0].split(':') %}
{%-     do one.update({'type': meta[0], 'option': meta[1] | default('C'), 'delimiter': meta[2] | default(':', boolean=True), 'query': parts[1]}) %}
{%-     do one.update({'method': ask.get(meta[0], ask[one.option if one.option in ask else 'C'])}) %}
{%-   endif %}
{%-   set options = {'delimiter': one.delimiter} if one.method != 'grains.get' or one.delimiter != ':' else {} %}
{%-   do one.update({'value': salt[one.method](one.query, default=[], **options)}) %}
{%-   do parsed.append(one) %}
{%- endfor %}
show:
  test.nop:
    - parsed: {{ parsed | json }}
