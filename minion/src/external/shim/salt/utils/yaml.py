"""YAML, read and written by rsalt: there need be no library for it."""


class YAMLError(Exception):
    pass


YAMLException = YAMLError


def safe_load(source, Loader=None):
    text = source.read() if hasattr(source, "read") else source
    text = text.decode() if isinstance(text, bytes) else text
    import rsalt_shim

    try:
        return rsalt_shim.LINE.ask(ask="yaml", text=text)
    except Exception as error:
        raise YAMLError(str(error)) from None


load = safe_load


def safe_dump(data, stream=None, **kwargs):
    import rsalt_shim

    kwargs.pop("Dumper", None)
    text = rsalt_shim.SALT["slsutil.serialize"]("yaml", data, **{"allow_unicode": True, "default_flow_style": False, **kwargs}) + "\n"
    return stream.write(text) if stream else text


dump = safe_dump
