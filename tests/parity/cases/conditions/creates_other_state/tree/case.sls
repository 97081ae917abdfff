not_cmd:
  test.succeed_with_changes:
    - creates: /etc/passwd
