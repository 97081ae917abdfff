"""The words of the demo's service."""


def greet(name):
    return f"Hello, {name}, from a salty container"
