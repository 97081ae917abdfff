{%- macro merge(a, b) %}
{%-   for k, v in b.items() %}
{%-     if v is string or v is number %}
{%-       do a.update({k: v}) %}
{%-     elif v is not mapping %}
{%-       if a[k] is not defined %}
{%-         do a.update({k: v}) %}
{%-       elif a[k] is iterable and a[k] is not mapping and a[k] is not string %}
{%-         do a.update({k: v | list + a[k] | list}) %}
{%-       else %}
{%-         do a.update({k: v}) %}
{%-       endif %}
{%-     else %}
{%-       if a[k] is not defined or a[k] is not mapping %}
{%-         do a.update({k: v}) %}
{%-       else %}
{%-         do merge(a[k], v) %}
{%-       endif %}
{%-     endif %}
{%-   endfor %}
{%- endmacro %}
{%- set base = {'s': 'a', 'l': [1], 'd': {'x': {'y': 1}}, 'm': 5} %}
{%- do merge(base, {'s': 'b', 'l': [2], 'd': {'x': {'z': 2}, 'n': [1]}, 'm': {'now': 'dict'}}) %}
show:
  test.nop:
    - base: {{ base | json }}
