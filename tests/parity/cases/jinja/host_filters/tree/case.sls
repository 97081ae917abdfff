host:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {{ 'sh' | which is match('.*/sh$') }} {{ 'no-such-command' | which }}
        {{ (grains.root ~ '/there') | file_hashsum }} {{ (grains.root ~ '/there') | file_hashsum('md5') }}
        {{ 'root' | get_uid }} {{ 'no-such-user' | get_uid }}
        {{ (grains.root ~ '/there') | is_empty }} {{ (grains.root ~ '/nothing') | is_empty }} {{ (grains.root ~ '/missing') | is_empty }}
        {{ (grains.root ~ '/dir') | list_files | sort | join(' ') }} {{ (grains.root ~ '/missing') | list_files | join(' ') }}
