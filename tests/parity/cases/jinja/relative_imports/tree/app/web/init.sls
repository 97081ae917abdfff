{% from "./map.jinja" import m %}
{% from "../shared.jinja" import s %}
{% from tpldir ~ "/map.jinja" import m as again %}
x:
  test.nop:
    - name: {{ m }} {{ s }} {{ again }}
