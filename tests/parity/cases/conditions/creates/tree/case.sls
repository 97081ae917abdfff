once:
  cmd.run:
    - name: touch {{ grains.root }}/made; echo made
    - creates: {{ grains.root }}/made
several:
  cmd.run:
    - name: touch {{ grains.root }}/a {{ grains.root }}/b
    - creates:
      - {{ grains.root }}/a
      - {{ grains.root }}/b
partly:
  cmd.run:
    - name: echo partly
    - creates:
      - {{ grains.root }}/a
      - {{ grains.root }}/never
