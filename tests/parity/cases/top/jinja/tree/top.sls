{{ saltenv }}:
  {{ grains.id }}:
{%- for s in pillar.states %}
    - {{ s }}
{%- endfor %}
