m_name:
  module.run:
    - name: file.basename
    - path: /a/b.txt
m_fun:
  module.run:
    - name: sys.list_functions
    - args: [test.ping]
