case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        ===
        {{ 'random' | md5 }} {{ 'random' | sha1 }} {{ 'random' | sha256 }} {{ 'random' | sha512 }} {{ 'get salted' | hmac('shared secret', 'eBWf9bstXg+NiP5AOwppB5HMvZiYMPzEM9W5YMm/AmQ=') }} {{ 'get salted' | hmac_compute('shared secret') }}
        {{ 'random' | base64_encode }} {{ 'Z2V0IHNhbHRlZA==' | base64_decode }} {{ 'random' | uuid }} {{ 'wall of text' | to_bytes }} {{ '/a b' | quote }} {{ 'ü' | yaml_dquote }} {{ "it's" | yaml_squote }} {{ none | yaml_encode }}
