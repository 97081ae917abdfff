def __virtual__():
    return False


def work():
    return True
