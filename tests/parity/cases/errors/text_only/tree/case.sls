#!jinja
hello {{ grains.id }}
