app:
  config: {port: 80}
