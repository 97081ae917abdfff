ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5ldzE= new@host:
  ssh_auth.present:
    - user: ann

from a file:
  ssh_auth.present:
    - user: ann
    - source: salt://ann.pub

updated:
  ssh_auth.present:
    - name: AAAAB3NzaC1yc2EAAAADAQABAAAAgQCu
    - user: bob
    - enc: ssh-rsa
    - comment: new@host
    - options: [no-pty]

gone:
  ssh_auth.absent:
    - name: AAAAC3NzaC1lZDI1NTE5AAAAIGdvbmU=
    - user: bob

never:
  ssh_auth.absent:
    - name: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5ldmVy
    - user: bob

all of joe:
  ssh_auth.manage:
    - user: joe
    - ssh_keys:
      - ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCv two
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpvZTE= three

git.example.org:
  ssh_known_hosts.present:
    - user: ann
    - key: AAAAC3NzaC1lZDI1NTE5AAAAIGdpdDE=
    - enc: ssh-ed25519

old.example.org:
  ssh_known_hosts.present:
    - key: AAAAB3NzaC1yc2EAAAADAQABAAAAgQCv
    - enc: ssh-rsa
    - hash_known_hosts: false

gone.example.org:
  ssh_known_hosts.absent

never.example.org:
  ssh_known_hosts.absent
