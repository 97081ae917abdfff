no_function: nop
