"""Results of states."""

_empty = object()


def gen_tag(low):
    return "{0[state]}_|-{0[__id__]}_|-{0[name]}_|-{0[fun]}".format(low)


def get_sls_opts(opts, **kwargs):
    return {**opts, **{k: v for k, v in kwargs.items() if k in ("saltenv", "pillarenv")}}


def merge_subreturn(original_return, sub_return, subkey=None):
    original_return["result"] = (
        False if original_return["result"] is False or sub_return["result"] is False else original_return["result"]
    )
    lines = [original_return.get("comment"), sub_return.get("comment")]
    original_return["comment"] = "\n".join(line for line in lines if line)
    if sub_return.get("changes"):
        target = original_return.setdefault("changes", {})
        target.update({subkey: sub_return["changes"]} if subkey else sub_return["changes"])
    return original_return
