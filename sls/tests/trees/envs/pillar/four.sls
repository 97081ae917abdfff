four: {{ grains.os }} {{ saltenv }} {{ sls }}
