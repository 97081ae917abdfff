rendered:
  cmd.run:
    - name: echo {{ '{{' }} grains.id {{ '}}' }}
    - template: jinja
directory_too:
  cmd.run:
    - name: pwd
    - cwd: /{{ '{{' }} 'usr' {{ '}}' }}
    - template: jinja
undefined:
  cmd.run:
    - name: echo {{ '{{' }} foo {{ '}}' }}
    - template: jinja
not_rendered:
  cmd.run:
    - name: echo '{{ '{{' }} grains.id {{ '}}' }}'
