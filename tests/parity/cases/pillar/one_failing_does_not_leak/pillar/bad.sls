secret: hunter2
x: [
