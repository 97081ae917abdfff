def done(name):
    return {"name": name, "result": True, "changes": {}, "comment": ""}
