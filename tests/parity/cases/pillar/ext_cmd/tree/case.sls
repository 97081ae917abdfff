{{ pillar.y }}-{{ pillar.a }}: {test.nop: []}
