recurse_word:
  file.directory:
    - name: {{ grains.root }}/a
    - recurse: [usr]
recurse_text:
  file.directory:
    - name: {{ grains.root }}/a
    - recurse: mode
both:
  file.directory:
    - name: {{ grains.root }}/a
    - recurse: [mode, ignore_files, ignore_dirs]
clean_depth:
  file.directory:
    - name: {{ grains.root }}/a
    - clean: True
    - max_depth: 1
no_parent:
  file.directory:
    - name: {{ grains.root }}/no/a
file:
  file.directory:
    - name: {{ grains.root }}/f
no_user:
  file.directory:
    - name: {{ grains.root }}/a
    - user: nobody-here
user_not_given:
  file.directory:
    - name: {{ grains.root }}/a
    - recurse: [user]
    - mode: "0700"
