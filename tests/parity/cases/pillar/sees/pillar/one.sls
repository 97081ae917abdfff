g: {{ grains.id }} {{ __grains__.id }}
o: {{ opts.id }} {{ opts.minion_id }} {{ opts.file_client }}
p: {{ pillar|length }}
f: {{ salt['cp.get_file_str']('salt://x.txt') }}
n: {{ salt['cp.get_file_str']('salt://one.sls') }}
c: {{ salt['config.get']('id') }}
e: {{ salt['cmd.run']('echo hi') }}
s: {{ saltenv }} {{ sls }} {{ slspath }} {{ tplpath is defined }}
m: {{ salt['grains.get']('id') }}
