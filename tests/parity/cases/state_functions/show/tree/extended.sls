include: [case]
extend: {a: {test: [{name: other}]}}
exclude: [{id: b}]
