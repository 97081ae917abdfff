//! Which minions a target means. The master uses it to know whom to expect, the minion to decide whether
//! a job is for it, the top files to pick SLS files: one meaning for all three.

mod compound;
pub mod glob;
mod ipcidr;
mod nodegroup;
pub mod pcre;
mod subdict;

use std::fmt;
use std::str::FromStr;

use data::{Dict, Value};
use serde::{Deserialize, Serialize};

use glob::Glob;
use ipcidr::IpCidr;
use pcre::Pcre;
use subdict::{Kind, Subdict};

/// What separates the parts of `os:Debian` unless a target says otherwise.
pub const DEFAULT_DELIMITER: &str = ":";

/// The kinds of targets, named as Salt names them in `tgt_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetType {
    /// A glob on the id; what a target is without an option.
    #[default]
    Glob,
    /// `-E`: a regex on the id.
    Pcre,
    /// `-L`: ids.
    List,
    /// `-G`: a glob on a grain.
    Grain,
    /// `-P`: a regex on a grain.
    GrainPcre,
    /// `-I`: a glob on a pillar value.
    Pillar,
    /// `-J`: a regex on a pillar value.
    PillarPcre,
    /// A pillar value as it stands.
    PillarExact,
    /// `-S`: an address or a network.
    Ipcidr,
    /// `-N`: a named target of the master's config.
    Nodegroup,
    /// `-C`: an expression over all the others.
    Compound,
}

impl TargetType {
    const ALL: [TargetType; 11] = [
        TargetType::Glob,
        TargetType::Pcre,
        TargetType::List,
        TargetType::Grain,
        TargetType::GrainPcre,
        TargetType::Pillar,
        TargetType::PillarPcre,
        TargetType::PillarExact,
        TargetType::Ipcidr,
        TargetType::Nodegroup,
        TargetType::Compound,
    ];

    /// Salt's name: `glob`, `grain_pcre`, …
    pub const fn as_str(self) -> &'static str {
        match self {
            TargetType::Glob => "glob",
            TargetType::Pcre => "pcre",
            TargetType::List => "list",
            TargetType::Grain => "grain",
            TargetType::GrainPcre => "grain_pcre",
            TargetType::Pillar => "pillar",
            TargetType::PillarPcre => "pillar_pcre",
            TargetType::PillarExact => "pillar_exact",
            TargetType::Ipcidr => "ipcidr",
            TargetType::Nodegroup => "nodegroup",
            TargetType::Compound => "compound",
        }
    }

    /// The type with Salt's name; `range` and unknown names have none.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.as_str() == name)
    }
}

impl fmt::Display for TargetType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TargetType {
    type Err = TargetError;
    fn from_str(s: &str) -> Result<Self, TargetError> {
        TargetType::from_name(s).ok_or_else(|| TargetError::UnknownType(s.to_owned()))
    }
}

/// Why a target is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not one of Salt's names.
    #[error("unknown target type '{0}'")]
    UnknownType(String),
    /// A regex that does not compile.
    #[error("invalid regular expression '{0}': {1}")]
    Regex(String, String),
    /// A grain or pillar target without a value.
    #[error("'{0}' is no match on a {1}: write it as key{2}value")]
    NoValue(String, &'static str, String),
    /// Not an address and not a network.
    #[error("invalid IP address or network '{0}'")]
    Ip(String),
    /// A name the config does not have.
    #[error("nodegroup '{0}' is not in the master's config")]
    UnknownNodegroup(String),
    /// A nodegroup that is neither text nor list.
    #[error("nodegroup '{0}' is neither a text nor a list")]
    BadNodegroup(String),
    /// A nodegroup that holds itself.
    #[error("nodegroup '{0}' contains itself")]
    NodegroupLoop(String),
    /// A compound target that cannot be read.
    #[error("invalid compound target: {0}")]
    Compound(String),
    /// A prefix without a meaning here.
    #[error("unknown target prefix '{0}@' in '{1}'")]
    Prefix(char, String),
    /// Something that is neither text nor list.
    #[error("a target is a text or a list, not a {0}")]
    NotText(&'static str),
}

/// What is known of the minion that a target is held against.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The minion's id.
    pub id: &'a str,
    /// Its grains.
    pub grains: &'a Value,
    /// Its pillar; `None` matches no pillar target.
    pub pillar: &'a Value,
}

/// A compiled target.
#[derive(Clone, Debug)]
pub struct Target(compound::Expression);

impl Target {
    /// Compiles a target: a text, or a list for `list` and `compound`.
    ///
    /// `nodegroups` is the `nodegroups` of the config; a minion that got an expanded target needs none.
    pub fn parse(
        tgt: &Value,
        kind: TargetType,
        delimiter: &str,
        nodegroups: &Dict,
    ) -> Result<Self, TargetError> {
        let words = |tgt: &Value| match tgt {
            Value::Str(s) => Ok(s.split_whitespace().map(str::to_owned).collect()),
            Value::List(l) => Ok(l.iter().map(Value::to_string).collect()),
            other => Err(TargetError::NotText(other.type_name())),
        };
        let expression = match kind {
            TargetType::Compound => compound::compile(words(tgt)?, nodegroups)?,
            TargetType::Nodegroup => compound::compile(expand_nodegroup(tgt, nodegroups)?, nodegroups)?,
            TargetType::List if tgt.as_list().is_some() => {
                compound::Expression::One(Simple::List(words(tgt)?))
            }
            _ => compound::Expression::One(Simple::new(text(tgt)?, kind, delimiter)?),
        };
        Ok(Target(expression))
    }

    /// Compiles a text with the default delimiter.
    pub fn parse_str(tgt: &str, kind: TargetType, nodegroups: &Dict) -> Result<Self, TargetError> {
        Self::parse(&Value::from(tgt), kind, DEFAULT_DELIMITER, nodegroups)
    }

    /// Whether the target means this minion.
    pub fn matches(&self, facts: &Facts<'_>) -> bool {
        self.0.matches(facts)
    }

    /// Whether the pillar is looked at, so that it is worth fetching.
    pub fn needs_pillar(&self) -> bool {
        self.0.needs_pillar()
    }

    /// The ids of a plain list, which can be named as missing though nobody knows them.
    pub fn listed(&self) -> Option<&[String]> {
        match &self.0 {
            compound::Expression::One(Simple::List(ids)) => Some(ids),
            _ => None,
        }
    }
}

/// What to publish for a target: nodegroups are in the master's config alone, so they are put into words.
pub fn for_publish(
    tgt: &Value,
    kind: TargetType,
    nodegroups: &Dict,
) -> Result<(Value, TargetType), TargetError> {
    match kind {
        TargetType::Nodegroup => Ok((expand_nodegroup(tgt, nodegroups)?.into(), TargetType::Compound)),
        TargetType::Compound => {
            let words: Vec<String> = match tgt {
                Value::Str(s) => s.split_whitespace().map(str::to_owned).collect(),
                Value::List(l) => l.iter().map(Value::to_string).collect(),
                other => return Err(TargetError::NotText(other.type_name())),
            };
            if !words.iter().any(|w| w.starts_with("N@")) {
                return Ok((tgt.clone(), kind));
            }
            let mut out = Vec::new();
            for word in words {
                match compound::split_prefix(&word) {
                    (Some('N'), _, name) => out.extend(nodegroup::expand(name, nodegroups)?),
                    _ => out.push(word),
                }
            }
            Ok((out.into(), kind))
        }
        _ => Ok((tgt.clone(), kind)),
    }
}

fn text(tgt: &Value) -> Result<&str, TargetError> {
    tgt.as_str().ok_or_else(|| TargetError::NotText(tgt.type_name()))
}

fn expand_nodegroup(tgt: &Value, nodegroups: &Dict) -> Result<Vec<String>, TargetError> {
    nodegroup::expand(text(tgt)?, nodegroups)
}

/// One match without operators.
#[derive(Clone, Debug)]
enum Simple {
    Glob(Glob),
    Pcre(Pcre),
    List(Vec<String>),
    Grain(Subdict),
    Pillar(Subdict),
    Ip(IpCidr),
}

impl Simple {
    fn new(pattern: &str, kind: TargetType, delimiter: &str) -> Result<Self, TargetError> {
        let subdict = |kind, of| {
            if !pattern.contains(delimiter) || delimiter.is_empty() {
                return Err(TargetError::NoValue(pattern.to_owned(), of, delimiter.to_owned()));
            }
            if kind == Kind::Pcre {
                check_regex(pattern)?;
            }
            Ok(Subdict::new(pattern, delimiter, kind))
        };
        Ok(match kind {
            TargetType::Glob => Simple::Glob(Glob::new(pattern)),
            TargetType::Pcre => Simple::Pcre(check_regex(pattern)?),
            TargetType::List => Simple::List(pattern.split(',').map(str::to_owned).collect()),
            TargetType::Grain => Simple::Grain(subdict(Kind::Glob, "grain")?),
            TargetType::GrainPcre => Simple::Grain(subdict(Kind::Pcre, "grain")?),
            TargetType::Pillar => Simple::Pillar(subdict(Kind::Glob, "pillar value")?),
            TargetType::PillarPcre => Simple::Pillar(subdict(Kind::Pcre, "pillar value")?),
            TargetType::PillarExact => Simple::Pillar(subdict(Kind::Exact, "pillar value")?),
            TargetType::Ipcidr => {
                Simple::Ip(IpCidr::parse(pattern).ok_or_else(|| TargetError::Ip(pattern.to_owned()))?)
            }
            // Both are taken apart before they come here.
            TargetType::Nodegroup => return Err(TargetError::UnknownNodegroup(pattern.to_owned())),
            TargetType::Compound => return Err(TargetError::Compound(pattern.to_owned())),
        })
    }

    fn with_prefix(
        prefix: Option<char>,
        pattern: &str,
        delimiter: Option<char>,
    ) -> Result<Self, TargetError> {
        let kind = match prefix {
            None => TargetType::Glob,
            Some('G') => TargetType::Grain,
            Some('P') => TargetType::GrainPcre,
            Some('I') => TargetType::Pillar,
            Some('J') => TargetType::PillarPcre,
            Some('L') => TargetType::List,
            Some('S') => TargetType::Ipcidr,
            Some('E') => TargetType::Pcre,
            Some(other) => return Err(TargetError::Prefix(other, pattern.to_owned())),
        };
        let delimiter = delimiter.map_or_else(|| DEFAULT_DELIMITER.to_owned(), String::from);
        Self::new(pattern, kind, &delimiter)
    }

    fn matches(&self, facts: &Facts<'_>) -> bool {
        match self {
            Simple::Glob(glob) => glob.matches(facts.id),
            Simple::Pcre(regex) => regex.matches(facts.id),
            Simple::List(ids) => ids.iter().any(|id| id == facts.id),
            Simple::Grain(expression) => expression.matches(facts.grains),
            Simple::Pillar(expression) => expression.matches(facts.pillar),
            Simple::Ip(wanted) => wanted.matches(facts.grains),
        }
    }

    fn needs_pillar(&self) -> bool {
        matches!(self, Simple::Pillar(_))
    }
}

fn check_regex(pattern: &str) -> Result<Pcre, TargetError> {
    Pcre::new(pattern).map_err(|e| TargetError::Regex(pattern.to_owned(), e))
}
