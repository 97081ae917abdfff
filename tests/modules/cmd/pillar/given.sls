given: {there: yes}
