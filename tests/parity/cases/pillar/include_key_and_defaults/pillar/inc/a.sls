include: [inc.c]
da: {{ d }}
