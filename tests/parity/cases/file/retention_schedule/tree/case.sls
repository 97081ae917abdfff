kept:
  file.retention_schedule:
    - name: {{ grains.root }}/a
    - strptime_format: example_name_%Y%m%dT%H%M%S.tar.bz2
    - retain:
        most_recent: 2
        first_of_hour: 2
        first_of_day: 2
        first_of_week: 1
        first_of_month: 2
        first_of_year: all
not_a_dir:
  file.retention_schedule:
    - name: {{ grains.root }}/nothing
    - retain: {most_recent: 1}
