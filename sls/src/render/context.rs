//! The variables that tell a template where it is.

use data::Dict;
use jinja::Val;

/// `tplpath`, `tplfile`, `tpldir`, `tpldot`, `slspath`, `slsdotpath`, `slscolonpath` and `sls_path`.
/// `full` is where the file lies, `path` is its path below the roots, empty for text that is no file.
pub(super) fn of_sls(full: &str, path: &str, sls: &str) -> Vec<(&'static str, String)> {
    let as_path = sls.replace('.', "/");
    let mut dir = as_path.trim_end_matches('/');
    let mut out = Vec::with_capacity(8);
    if !path.is_empty() {
        // A file that is not an SLS (a top file) is known by its last name.
        let file = if sls.is_empty() { path.rsplit('/').next().unwrap_or(path) } else { path };
        dir = file.rsplit_once('/').map_or("", |(dir, _)| dir);
        out.push(("tplpath", full.to_owned()));
        out.push(("tplfile", file.to_owned()));
        out.push(("tpldir", if dir.is_empty() { "." } else { dir }.to_owned()));
        out.push(("tpldot", dir.replace('/', ".")));
    }
    out.push(("slspath", dir.to_owned()));
    out.push(("slsdotpath", dir.replace('/', ".")));
    out.push(("slscolonpath", dir.replace('/', ":")));
    out.push(("sls_path", dir.replace('/', "_")));
    out
}

/// The text keys of a dict as variables.
pub(super) fn pairs(dict: &Dict) -> impl Iterator<Item = (String, Val)> {
    dict.iter().filter_map(|(key, value)| Some((key.as_str()?.to_owned(), Val::from(value.clone()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(vars: &[(&str, String)], key: &str) -> String {
        vars.iter().find(|(k, _)| *k == key).map(|(_, v)| v.clone()).unwrap_or_else(|| "-".into())
    }

    #[test]
    fn places_are_told_as_salt_tells_them() {
        for (path, sls, expected) in [
            ("a.sls", "a", ["a.sls", ".", "", "", "", ""]),
            ("f/init.sls", "f", ["f/init.sls", "f", "f", "f", "f", "f"]),
            ("f/g/h.sls", "f.g.h", ["f/g/h.sls", "f/g", "f.g", "f/g", "f:g", "f_g"]),
            ("top.sls", "", ["top.sls", ".", "", "", "", ""]),
            ("", "", ["-", "-", "-", "", "", ""]),
        ] {
            let vars = of_sls("/x", path, sls);
            let got = ["tplfile", "tpldir", "tpldot", "slspath", "slscolonpath", "sls_path"]
                .map(|k| value(&vars, k));
            assert_eq!(got, expected.map(str::to_owned), "{path}");
        }
    }
}
