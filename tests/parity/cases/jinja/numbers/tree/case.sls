case:
  file.managed:
    - name: {{ grains.root }}/out
    - contents: |
        ===
        {{ 2 ** 100 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 1e16 }} {{ 0.1 + 0.2 }} {{ 1_000 }} {{ 0x1f }} {{ 0b11 }} {{ 0o17 }} {{ 1.0 }} {{ 1e-7 }} {{ 123456789012345678901234567890 // 7 }}
        {{ 7 | float }} {{ '12' | int }} {{ 'x' | int(3) }} {{ '0x1f' | int(base=16) }} {{ 2.5 | round }} {{ 3.5 | round }} {{ 2.567 | round(2) }} {{ 2.1 | round(0, 'ceil') }} {{ 1234567 | filesizeformat }} {{ 3 | abs }}
        {{ 1 < 2 < 3 }} {{ 1 == 1.0 == true }} {{ true + true }} {{ 5 is divisibleby 5 }} {{ (2.0).is_integer() }} {{ (10).bit_length() }} {{ not 0 }} {{ 1 and 2 }} {{ 0 or 'x' }} {{ 10 is even }}
