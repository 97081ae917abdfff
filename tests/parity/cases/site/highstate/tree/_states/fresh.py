def done(name, word=None):
    return {"name": name, "result": True, "changes": {}, "comment": word or "none"}
