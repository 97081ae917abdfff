{{ opts.get('mine', 'no') }}:
  test.succeed_with_changes: []
