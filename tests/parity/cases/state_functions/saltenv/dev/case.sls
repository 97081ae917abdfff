{{ saltenv }}-{{ opts.saltenv }}: {test.nop: []}
