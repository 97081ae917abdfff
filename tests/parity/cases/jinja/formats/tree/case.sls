case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        ===
        {{ '%05d|%-5s|%.2f|%x|%r|%%' % (42, 'ab', 3.14159, 255, 'q') }} {{ '%(a)s-%(b)03d' % {'a': 1, 'b': 2} }} {{ '%s' % [1, 2] }} {{ '%s and %s' | format('a', 'b') }} {{ '%(x)s' | format(x=1) }}
        {{ '{} {}'.format(1, 'a') }} {{ '{0:>6}|{1:^7}|{0:<4}|'.format('ab', 'c') }} {{ '{:,} {:.3f} {:08b} {:+d} {:e} {:%}'.format(1234567, 1.5, 5, 3, 12345.678, 0.25) }}
        {{ '{a[k]} {b.real}'.format(a={'k': 'v'}, b=3) }} {{ '{!r}'.format('x') }} {{ '{:{w}}|'.format('a', w=4) }} {{ '{{}}'.format() }}
