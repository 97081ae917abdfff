include: ["h.*"]
a: one
