base:
  'nobody':
    - never
