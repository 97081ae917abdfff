start:
  cmd.run:
    - name: nohup sleep 2 >{{ grains.root }}/log 2>&1 &
    - creates: {{ grains.root }}/log
