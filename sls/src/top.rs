//! Top files: which SLS are for whom.

/// Says whether a target matches this minion: the expression and the kind of match (`compound`, `glob`,
/// `pcre`, `grain`, `grain_pcre`, `pillar`, `pillar_pcre`, `list`, `ipcidr`, `nodegroup` …).
pub type TopMatcher<'a> = &'a dyn Fn(&str, &str) -> bool;
