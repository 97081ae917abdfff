{% set public = grains['ipv4'] | ipv4(options='public') | first %}
addresses:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {{ public }} {{ grains['ipv4'] | ipaddr('private') | join(',') }} {{ grains['ipv6'] | ipwrap | join(',') }}
        {{ '192.168.7.9/29' | network_hosts | join(',') }} {{ '192.168.7.9/29' | network_size }} {{ '192.168.7.9/29' | ip_host }}
        {{ grains['ipv4'] | filter_by_networks(['10.0.0.0/8']) }} {{ '300.1.1.1' | is_ip }}
