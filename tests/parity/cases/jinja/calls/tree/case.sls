calls:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        {{ salt['cmd.run']('echo run') }}
        {{ salt.cmd.run('echo dotted') }} {{ salt['cmd.retcode']('false') }}
        {{ salt['cmd.run_all']('echo x').stdout }} {{ salt['test.echo']('e') }} {{ salt['test.ping']() }}
        {{ salt['file.file_exists']('/etc/passwd') }} {{ salt['file.directory_exists']('/nowhere') }}
        {{ salt['config.get']('id') }} {{ salt['grains.get']('root') }} {{ salt['pillar.get']('none:at:all', 'dflt') }}
        {{ salt['test.arg'](1, 'two', three=3) }} {{ 'cmd.run' in salt }} {{ 'no.such' in salt }}
        {{ opts['id'] }} {{ opts.id }} {{ sls }} {{ saltenv }} {{ env is defined }} {{ grains['id'] }}
