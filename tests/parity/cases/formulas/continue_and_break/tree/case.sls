{%- set nodes = {'c1': ['a', 'b'], 'c2': ['c', 'me'], 'c3': ['d']} %}
{%- set mine = [] %}
{%- for cluster, members in nodes | dictsort %}
  {%- if cluster == 'c1' %}{% continue %}{% endif %}
  {%- for member in members %}
    {%- if member == 'me' %}
      {%- do mine.extend(members) %}
      {%- break %}
    {%- endif %}
  {%- endfor %}
  {%- if mine %}
    {%- break %}
  {%- endif %}
{%- endfor %}
{%- set found = namespace(at=none) %}
{%- for member in mine %}
  {%- if member == 'me' and found.at is none %}
    {%- set found.at = loop.index %}
  {%- endif %}
{%- endfor %}
show:
  test.nop:
    - mine: {{ mine | json }}
    - at: {{ found.at }}
    - joined: {{ ','.join(mine) }}
    - urls: {{ mine | map('regex_replace', '^(.*)$', 'tcp://\\1:2181') | join(',') }}
