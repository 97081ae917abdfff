{%- macro reverse(records, net, zones, all) %}
{%-   set found = {} %}
{%-   set net = salt['network.calc_net'](net) %}
{%    set zones = [zones] if zones is string else zones %}
{%    set zones = all.keys() if zones | length == 1 and zones[0] == 'any' else zones %}
{%-   for zone in zones %}
{%-     for name, addresses in all.get(zone, {}).get('A', {}) | dictsort %}
{%-       set addresses = [addresses] if addresses is string or addresses is number else addresses %}
{%-       for address in addresses %}
{%-         if salt['network.ip_in_subnet'](address, net) %}
{%-           do found.update({'.'.join(address.split('.')[::-1]) + '.in-addr.arpa.': name + ('' if name.endswith('.') else '.' + zone + '.')}) %}
{%-         endif %}
{%-       endfor %}
{%-     endfor %}
{%-   endfor %}
{%-   do records.update({'PTR': found}) %}
{%- endmacro %}
{%- set records = {'NS': ['ns1']} %}
{%- do reverse(records, '192.0.2.77/24', 'any', {'example.org': {'A': {'www': '192.0.2.1', 'ns1': ['192.0.2.2', '198.51.100.1']}}, 'example.com': {'A': {'mail.example.com.': '192.0.2.3'}}}) %}
show:
  test.nop:
    - records: {{ records | json }}
