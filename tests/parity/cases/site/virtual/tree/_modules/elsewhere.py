def __virtual__():
    return (False, "needs another kernel than {}".format(__grains__["kernel"]))


def work():
    return True
