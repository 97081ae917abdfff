new.internal:
  host.present:
    - ip: 10.1.0.9
    - comment: new

several:
  host.present:
    - name: several
    - ip: [10.1.0.9, "fd00::9"]

moves:
  host.present:
    - ip: 10.1.0.5
    - clean: true

goes:
  host.absent:
    - ip: 10.1.0.2

never:
  host.absent:
    - ip: 10.1.0.2

10.1.0.1:
  host.only:
    - hostnames: [only.internal, only]

root:
  alias.present:
    - target: [ann@example.org, bob]

postmaster:
  alias.present:
    - target: root

gone:
  alias.absent

net.ipv4.ip_default_ttl:
  sysctl.present:
    - value: 65

net.ipv4.tcp_syn_retries:
  sysctl.present:
    - value: 4

net.ipv4.icmp_echo_ignore_broadcasts:
  sysctl.present:
    - value: 1
