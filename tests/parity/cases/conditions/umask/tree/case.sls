{% set dir = grains.root %}
private:
  file.touch:
    - name: {{ dir }}/private
    - umask: '077'
as_number:
  file.touch:
    - name: {{ dir }}/as_number
    - umask: 027
command:
  cmd.run:
    - name: touch {{ dir }}/by_command
    - umask: '077'
usual:
  file.touch:
    - name: {{ dir }}/usual
