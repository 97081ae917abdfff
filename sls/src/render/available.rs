//! Which SLS an environment has.

use std::collections::BTreeSet;

use crate::glob;

/// The dotted names of the SLS of an environment.
#[derive(Clone, Debug, Default)]
pub struct Available {
    names: BTreeSet<String>,
}

impl Available {
    /// From the paths of all files.
    pub fn new(paths: &[String]) -> Self {
        let name = |path: &String| {
            let path = path.strip_suffix("/init.sls").or_else(|| path.strip_suffix(".sls"))?;
            Some(path.replace('/', "."))
        };
        Available { names: paths.iter().filter_map(name).collect() }
    }

    /// Whether there is an SLS of exactly this name.
    pub fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The names that a name or a glob stands for, sorted.
    pub fn filter(&self, pattern: &str) -> Vec<String> {
        if !glob::is_glob(pattern) {
            return self.names.get(pattern).into_iter().cloned().collect();
        }
        self.names.iter().filter(|name| glob::matches(pattern, name)).cloned().collect()
    }

    /// All names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_paths() {
        let paths = ["a.sls", "b/init.sls", "b/c.sls", "b/map.jinja", "init.sls"].map(str::to_owned);
        let available = Available::new(&paths);
        assert_eq!(available.names().collect::<Vec<_>>(), ["a", "b", "b.c", "init"]);
        assert_eq!(available.filter("b*"), ["b", "b.c"]);
        assert_eq!(available.filter("b.c"), ["b.c"]);
        assert!(available.filter("c").is_empty());
    }
}
