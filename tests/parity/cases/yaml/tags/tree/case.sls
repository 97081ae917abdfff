a:
  test.nop:
    - str: !!str 12
    - int: !!int "12"
    - float: !!float 1
    - bool: !!bool "no"
    - unicode: !!python/unicode 12
    - seq: !!seq [a]
    - map: !!map {a: b}
    - omap: !!omap {a: 1, b: 2}
    - verbatim: !<tag:yaml.org,2002:str> 1
    - non_specific: ! 12
    - quoted: ! '12'
