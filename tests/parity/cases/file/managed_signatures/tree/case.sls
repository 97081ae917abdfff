{%- set keys = {'gnupghome': grains.root ~ '/gnupg', 'keyring': grains.root ~ '/keys.gpg'} %}
{%- set one, two = '1267035B1FC50A5758EC1A907100269F5CDA82A9', '0598ECB11A39B1FA6CE8B6EDBC846EC03BA0618E' %}
{%- for id, source, args in [
    ('detached', 'data', {'signature': 'salt://data.asc'}),
    ('by-any', 'data', {'signature': 'salt://data.asc', 'signed_by_any': [two, one]}),
    ('not-by-any', 'data', {'signature': 'salt://data.asc', 'signed_by_any': [two]}),
    ('by-all', 'data', {'signature': 'salt://data.both.asc', 'signed_by_all': [two, one]}),
    ('not-by-all', 'data', {'signature': 'salt://data.asc', 'signed_by_all': [two, one]}),
    ('of-another', 'other', {'signature': 'salt://data.asc'}),
    ('inline', 'inline', {'signature': true}),
    ('inline-without', 'data', {'signature': true}),
    ('no-such', 'data', {'signature': 'salt://nothing.asc'}),
  ] %}
{{ id }}:
  file.managed:
    - name: {{ grains.root }}/{{ id }}
    - source: salt://{{ source }}
    {%- for key, value in args.items() | list + keys.items() | list %}
    - {{ key }}: {{ value | json }}
    {%- endfor %}
{%- endfor %}
{%- for id, sig, by in [('hash-file', 'sums.asc', two), ('hash-file-of-another', 'sums.asc', one), ('hash-file-unsigned', 'data.asc', two)] %}
{{ id }}:
  file.managed:
    - name: {{ grains.root }}/{{ id }}
    - source: {{ grains.root }}/local
    - source_hash: salt://sums
    - source_hash_name: data
    - source_hash_sig: salt://{{ sig }}
    - signed_by_any: [{{ by }}]
    - gnupghome: {{ keys.gnupghome }}
    - keyring: {{ keys.keyring }}
{%- endfor %}
# What gpg keeps there is another on each run, and keys are no text.
cleanup:
  file.absent:
    - names: ['{{ grains.root }}/gnupg', '{{ grains.root }}/keys.gpg']
    - order: last
