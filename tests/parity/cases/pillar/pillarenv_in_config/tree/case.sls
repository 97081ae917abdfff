{{ pillar.a }}: {test.nop: []}
