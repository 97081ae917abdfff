secret: yes
