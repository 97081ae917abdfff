{%- set render = salt['slsutil.renderer'] %}
show:
  test.nop:
    - map: {{ render('salt://maps/settings.sls') | json }}
    - named: {{ render('salt://maps/settings.sls', name='me', context={'x': 3}) | json }}
    - json: {{ render('salt://maps/data.json') | json }}
    - text: {{ render('salt://maps/text.txt', default_renderer='jinja') | json }}
    - string: {{ render(string='a: {{ 1 + 1 }}') | json }}
    - empty: {{ render('salt://maps/empty.sls') | json }}
    - missing: {{ render('salt://maps/none.sls') | json }}
