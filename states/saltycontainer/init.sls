{# Runs a small service from a git repository. The defaults are in map.jinja; the pillar wins. #}
{% from "saltycontainer/map.jinja" import settings with context %}

saltycontainer-packages:
  pkg.installed:
    - pkgs: {{ settings.packages | json }}
    - install_recommends: False

saltycontainer-code:
  git.latest:
    - name: {{ settings.git_repo }}
    - rev: {{ settings.git_rev }}
    - target: {{ settings.git_target }}
    - require:
      - pkg: saltycontainer-packages
{% if settings.pip_package %}
saltycontainer-python-package:
  pip.installed:
    - name: {{ settings.pip_package }}
    {%- if settings.pip_index_url %}
    - index_url: {{ settings.pip_index_url }}
    {%- endif %}
    {%- if settings.pip_trusted_host %}
    - trusted_host: {{ settings.pip_trusted_host }}
    {%- endif %}
    - extra_args: {{ settings.pip_extra_args | json }}
    - require:
      - pkg: saltycontainer-packages
    - require_in:
      - cmd: saltycontainer-start
{% endif %}
saltycontainer-start:
  cmd.run:
    - name: {{ settings.start_command }}
    - cwd: {{ settings.git_target }}
    - creates: {{ settings.start_creates }}
    - require:
      - git: saltycontainer-code

{# The first tries come too early: the service is still starting. #}
saltycontainer-check:
  cmd.run:
    - name: {{ settings.check_command }}
    - unless: {{ settings.check_command }}
    - retry:
        attempts: 20
        interval: 1
    - require:
      - cmd: saltycontainer-start
