mysql:
  user:
    frank:
      password: 'some "pass'
      hosts: ['%', 10.0.0.1]
      databases: [{database: foo, grants: [select, insert]}, {database: bar, table: t, grants: ['all privileges']}]
    nopass: {password: ~}
