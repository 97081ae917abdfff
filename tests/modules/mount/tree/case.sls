/mnt/new/:
  mount.mounted:
    - device: tmpfs
    - fstype: tmpfs
    - mkmnt: true
    - opts: [size=1m, noexec, mode=0750, nofail]

/mnt/there:
  mount.mounted:
    - device: tmpfs
    - fstype: tmpfs
    - persist: false

/mnt/options:
  mount.mounted:
    - device: tmpfs
    - fstype: tmpfs
    - opts: size=2m

/mnt/bound:
  mount.mounted:
    - device: /srv/bound
    - fstype: none
    - opts: bind

/mnt/later:
  mount.mounted:
    - device: /dev/later
    - fstype: ext4
    - mount: false
    - mkmnt: true

/mnt/gone:
  mount.unmounted:
    - device: tmpfs
    - persist: true

/mnt/never:
  mount.unmounted:
    - persist: true

/dev/changes:
  mount.fstab_present:
    - fs_file: /mnt/changes
    - fs_vfstype: ext4
    - fs_mntops: [defaults, noatime]
    - fs_passno: 1

tmpfs:
  mount.fstab_present:
    - fs_file: /mnt/listed
    - fs_vfstype: tmpfs

/dev/nothing:
  mount.fstab_absent:
    - fs_file: /mnt/nothing
