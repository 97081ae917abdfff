{{ salt['config.get']() }}
