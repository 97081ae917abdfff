a:
  test.nop:
    - text: |
        {{ salt['slsutil.banner']() | indent(8) }}
    - c: {{ salt['slsutil.banner'](commentchar=' *', borderchar='*', blockstart='/**', blockend=' */') | json }}
    - own: {{ salt['slsutil.banner'](width=40, title='A title of ours', text='Some words that go on for longer than one line of it, so that they are wrapped.', newline=True) | json }}
    - yes: {{ salt['slsutil.boolstr'](True, 'on', 'off') }}
    - no: {{ salt['slsutil.boolstr']([], 'on', 'off') | json }}
