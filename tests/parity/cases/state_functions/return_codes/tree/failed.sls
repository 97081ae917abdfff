a: {test.nop: []}
b: {test.fail_with_changes: []}
