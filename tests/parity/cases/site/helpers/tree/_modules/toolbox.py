import os

import salt.utils.args
import salt.utils.data
import salt.utils.decorators
import salt.utils.decorators.path
import salt.utils.dictupdate
import salt.utils.files
import salt.utils.hashutils
import salt.utils.json
import salt.utils.path
import salt.utils.platform
import salt.utils.stringutils
import salt.utils.versions
import salt.utils.yaml

try:
    import no_such_library

    HAS_LIBRARY = True
except ImportError:
    HAS_LIBRARY = False


def __virtual__():
    return True


def files():
    path = os.path.join(__grains__["root"], "toolbox")
    with salt.utils.files.fopen(path, "wb") as file:
        file.write(salt.utils.stringutils.to_bytes("ein Fuß\n"))
    with salt.utils.files.fopen(path) as file:
        read = salt.utils.stringutils.to_unicode(file.read())
    with salt.utils.files.set_umask(0o077):
        with salt.utils.files.fopen(path + ".own", "w") as file:
            file.write("x")
    return [
        read,
        salt.utils.hashutils.get_hash(path, "md5"),
        salt.utils.files.normalize_mode("644"),
        salt.utils.files.normalize_mode(755),
        bool(salt.utils.path.which("sh")),
        salt.utils.path.which("no-such-program"),
        salt.utils.path.join("/a", "b", "../c"),
        salt.utils.platform.is_linux(),
        salt.utils.platform.is_windows(),
    ]


def data():
    tree = {"a": {"b": [{"c": 1}, 5]}, "x": {"y": 2}}
    return [
        salt.utils.data.traverse_dict_and_list(tree, "a:b:0:c"),
        salt.utils.data.traverse_dict_and_list(tree, "a:b:c"),
        salt.utils.data.traverse_dict_and_list(tree, "a:no", "default"),
        salt.utils.data.traverse_dict(tree, "x:y"),
        salt.utils.dictupdate.update({"a": {"b": 1}, "l": [1]}, {"a": {"c": 2}, "l": [2]}),
        salt.utils.dictupdate.update({"l": [1]}, {"l": [2]}, merge_lists=True),
        salt.utils.data.compare_dicts({"a": 1, "b": 2}, {"b": 3, "c": 4}),
        salt.utils.data.compare_lists([1, 2], [2, 3]),
        salt.utils.data.repack_dictlist([{"a": 1}, {"b": 2}, "c"]),
        salt.utils.data.is_true("True"),
        salt.utils.data.is_dictlist([{"a": 1}]),
    ]


def texts():
    return [
        salt.utils.stringutils.to_num("12"),
        salt.utils.stringutils.to_num("1.5"),
        salt.utils.stringutils.to_num("x"),
        salt.utils.stringutils.expr_match("web1", "web*"),
        salt.utils.stringutils.expr_match("web1", "web[0-9]"),
        salt.utils.stringutils.dequote("'quoted'"),
        salt.utils.stringutils.contains_whitespace("a b"),
        salt.utils.args.split_input("a,b, c"),
    ]


def codecs():
    value = {"b": [1, None], "a": {"x": "ü"}}
    return [
        salt.utils.json.loads(salt.utils.json.dumps(value)) == value,
        salt.utils.yaml.safe_load("a: [1, yes]\nb: 0644\n"),
        salt.utils.yaml.safe_dump(value, default_flow_style=False),
    ]


def versions():
    return [
        salt.utils.versions.version_cmp("1.2", "1.10"),
        salt.utils.versions.compare("2.0", ">=", "2.0"),
        salt.utils.versions.LooseVersion("1.0.1") > salt.utils.versions.LooseVersion("1.0"),
    ]


def shared():
    return [__utils__["counting.up"](1), __utils__["counting.up"](1, by=5), __utils__["counting.site"]()]


@salt.utils.decorators.memoize
def _slow(number):
    __context__["slow"] = __context__.get("slow", 0) + 1
    return number * 2


def cached():
    return [_slow(2), _slow(2), __context__["slow"]]


@salt.utils.decorators.path.which("sh")
def with_program():
    return "there"


@salt.utils.decorators.path.which("no-such-program")
def without_program():
    return "never"


@salt.utils.decorators.depends(HAS_LIBRARY)
def with_library():
    return no_such_library.work()


def keywords(**kwargs):
    return salt.utils.args.clean_kwargs(**kwargs)
