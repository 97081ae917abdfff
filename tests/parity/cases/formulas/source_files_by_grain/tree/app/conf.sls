{%- set root = tpldir.split('/')[0] %}
{%- from root ~ '/files.jinja' import sources with context %}
app-conf:
  file.managed:
    - name: /etc/app.conf
    - source: {{ sources(['app.conf', 'app.conf.jinja'],
                         lookup='app-conf'
                 )
              }}
    - mode: 644
    - makedirs: True
    - by: {{ salt['pillar.get']('app:files:by') | json }}
