bad: {{ undefined_thing.x }}
