{{ grains.rack.row }}-{{ grains['role'] }}:
  test.succeed_without_changes: []
