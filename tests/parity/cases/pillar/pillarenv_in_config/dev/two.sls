a: dev
env: {{ opts.pillarenv }}
