good:
  test.check_pillar:
    - present:
      - present
    - string: [a_string]
    - listing: a_list
bad:
  test.check_pillar:
    - present:
      - absent
      - missing:too
