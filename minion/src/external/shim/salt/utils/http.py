"""HTTP, by rsalt's own http.query."""


def query(url, method="GET", **kwargs):
    import rsalt_shim

    kwargs.pop("opts", None)
    return rsalt_shim.SALT["http.query"](url, method=method, **kwargs)
