certs:
  one.pem: |
    -----BEGIN X-----
    abc
    -----END X-----
  two.pem:
    mode: 644
    text: |
      line 1

      line 3
