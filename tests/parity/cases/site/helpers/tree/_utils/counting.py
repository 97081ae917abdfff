def up(start, by=1):
    return start + by


def site():
    return __grains__["root"].startswith("/")
