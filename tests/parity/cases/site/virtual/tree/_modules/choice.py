def __virtual__():
    return "chosen" if "cmd.run" in __salt__ else False


def work():
    return "chosen by " + __name__.rsplit(".", 1)[-1]
