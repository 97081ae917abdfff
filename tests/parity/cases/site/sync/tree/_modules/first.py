def one(): return __salt__["second.two"]() - 1
