present: yes
a_string: text
a_list: [1]
