//! Several states of packages in one go: the first one that runs takes the packages of the others.

use data::{Dict, Value};
use sls::{Aggregated, LowChunk};

/// The functions that can do the work of others.
const FUNCTIONS: &[&str] = &["installed", "latest", "removed", "purged"];

/// Puts the packages of other chunks into one. None when none of them fits.
pub(crate) fn aggregate(chunk: &LowChunk, others: &[&LowChunk]) -> Option<Aggregated> {
    if !FUNCTIONS.contains(&&*chunk.fun) {
        return None;
    }
    let key = if chunk.get("sources").is_some() { "sources" } else { "pkgs" };
    let mut all = packages(chunk, key)?;
    let mut taken = Vec::new();
    for (place, other) in others.iter().enumerate() {
        // A state that holds packages would hold those of the others as well.
        let fits = other.fun == chunk.fun
            && other.get("fromrepo") == chunk.get("fromrepo")
            && other.get("hold").is_none()
            && (key == "sources") == other.get("sources").is_some();
        let Some(theirs) = packages(other, key).filter(|_| fits) else { continue };
        let conflict = |(name, version): &(Value, Value)| {
            let same = all.iter().filter(|(n, _)| n == name);
            same.into_iter().any(|(_, v)| v != version && !v.is_none() && !version.is_none())
        };
        if theirs.iter().any(conflict) {
            continue;
        }
        for (name, version) in theirs {
            match all.iter_mut().find(|(n, _)| *n == name) {
                Some((_, v)) if v.is_none() => *v = version,
                Some(_) => {}
                None => all.push((name, version)),
            }
        }
        let mut later = (*other).clone();
        later.low.remove("version");
        taken.push((place, later));
    }
    if taken.is_empty() {
        return None;
    }
    let entry = |(name, version): (Value, Value)| match version {
        Value::None => name,
        version => Dict::new().with(name, version).into(),
    };
    let mut chunk = chunk.clone();
    chunk.low.insert(key, all.into_iter().map(entry).collect::<Vec<_>>());
    chunk.low.remove("version");
    Some(Aggregated { chunk, taken })
}

/// The packages that a chunk is about, each with its version or source. None when they are not told as they should be.
fn packages(chunk: &LowChunk, key: &str) -> Option<Vec<(Value, Value)>> {
    let Some(list) = chunk.get(key) else {
        let version = chunk.get("version").cloned().unwrap_or_default();
        return Some(vec![(chunk.name.clone(), version)]);
    };
    let mut out = Vec::new();
    for item in list.as_list()? {
        match item {
            Value::Dict(dict) => out.extend(dict.iter().map(|(k, v)| (k.clone(), v.clone()))),
            name => out.push((name.clone(), Value::None)),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(id: &str, args: Dict) -> LowChunk {
        let mut low =
            Dict::new().with("state", "pkg").with("fun", "installed").with("name", id).with("__id__", id);
        low.extend(args);
        LowChunk::new(low)
    }

    #[test]
    fn the_first_one_takes_all_that_fit() {
        let first = chunk("a", Dict::new().with("version", "1"));
        let plain = chunk("b", Dict::new());
        let several =
            chunk("c", Dict::new().with("pkgs", vec![Value::from("d"), Dict::new().with("e", "2").into()]));
        let held = chunk("h", Dict::new().with("hold", true));
        let elsewhere = chunk("r", Dict::new().with("fromrepo", "x"));
        let other_version =
            chunk("a2", Dict::new().with("pkgs", vec![Value::from(Dict::new().with("a", "9"))]));
        let from_file =
            chunk("s", Dict::new().with("sources", vec![Value::from(Dict::new().with("s", "/s"))]));
        let others = [&plain, &several, &held, &elsewhere, &other_version, &from_file];
        let done = aggregate(&first, &others).unwrap();
        let pkgs = done.chunk.get("pkgs").unwrap().to_string();
        assert_eq!(pkgs, "[{'a': '1'}, 'b', 'd', {'e': '2'}]");
        assert_eq!(done.taken.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [0, 1]);
        assert!(aggregate(&first, &[&held]).is_none());
    }
}
