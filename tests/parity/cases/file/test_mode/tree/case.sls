new:
  file.managed:
    - name: {{ grains.root }}/new
    - contents: x
changed:
  file.managed:
    - name: {{ grains.root }}/there
    - contents: new
    - mode: "0600"
absent:
  file.absent:
    - name: {{ grains.root }}/gone
absent_already:
  file.absent:
    - name: {{ grains.root }}/never
directory:
  file.directory:
    - name: {{ grains.root }}/newdir
    - mode: 755
directory_there:
  file.directory:
    - name: {{ grains.root }}/dir
link:
  file.symlink:
    - name: {{ grains.root }}/link
    - target: {{ grains.root }}/there
append:
  file.append:
    - name: {{ grains.root }}/there
    - text: more
touch:
  file.touch:
    - name: {{ grains.root }}/touched
