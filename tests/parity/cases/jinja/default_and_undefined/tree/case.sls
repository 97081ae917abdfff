case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        ===
        {{ x | default('d') }} {{ x is defined }} {{ x is undefined }} {{ none | default('d') }} {{ none | default('d', true) }} {{ (x | default({})).y | default('e') }} {{ x.y.z is defined if x is defined else 'no' }} {{ grains.get('nothing', 'g') }} {{ 'a' if x is defined }}|
        {% if x is defined and x.y %}yes{% else %}no{% endif %} {{ [1][5] | default('far') }} {{ {}['k'] is defined }} {{ {}.k | d('k') }}
