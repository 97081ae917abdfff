#!jinja|yaml
{% set name = name | default('nobody') %}
name: {{ name }}
file: {{ tplfile }}
dir: {{ tpldir }}
x: {{ x | default('no x') }}
os: {{ grains.os }}
