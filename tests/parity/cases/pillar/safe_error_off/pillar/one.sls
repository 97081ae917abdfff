a: {{ nothing.there }}
