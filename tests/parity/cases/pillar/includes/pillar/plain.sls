plain: true
own: 0
