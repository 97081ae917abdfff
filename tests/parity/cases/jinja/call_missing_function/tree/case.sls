{{ salt['no.such']() }}
