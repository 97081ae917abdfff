{{ raise('stopped on purpose') }}
