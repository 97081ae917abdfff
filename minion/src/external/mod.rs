//! A site's own modules: executables in any language that speak JSON, and Python files written for Salt.
//!
//! They come from `salt://_modules`, `_states`, `_grains`, `_returners` and, on the master, `_runners` into
//! `cachedir/extmods` ([`sync`]), say once what is in them ([`index`]) and are found by name like built-in ones.
//! Built-in functions know nothing of this: whoever looks a function up asks the [`Site`] first.

mod call;
mod codec;
mod index;
mod python;
mod sync;

use std::collections::HashMap;
use std::path::PathBuf;

pub use call::{give_to_returners, run, told};
pub(crate) use call::{grains, run_state};
pub use index::load;
pub(crate) use python::Pool;
pub use sync::{Synced, sync};

use crate::exec::{About, Signature};

/// What a site's module is for: the name of its folder without the underscore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Execution functions.
    Modules,
    /// State functions.
    States,
    /// Grains.
    Grains,
    /// Where returns go besides the master.
    Returners,
    /// Functions of the master.
    Runners,
    /// What Python modules share.
    Utils,
}

impl Kind {
    /// All there are.
    pub const ALL: [Kind; 6] =
        [Kind::Modules, Kind::States, Kind::Grains, Kind::Returners, Kind::Runners, Kind::Utils];

    /// The name of the folder without the underscore.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Modules => "modules",
            Kind::States => "states",
            Kind::Grains => "grains",
            Kind::Returners => "returners",
            Kind::Runners => "runners",
            Kind::Utils => "utils",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The modules that a site has brought here.
#[derive(Debug, Default)]
pub struct Site {
    dir: PathBuf,
    /// Different for every other state of the files.
    stamp: String,
    modules: Vec<Module>,
    /// Where the functions of a kind are: which module, which of its functions.
    functions: HashMap<(Kind, String), (usize, usize)>,
    /// Whether there are grains to ask for.
    grains: bool,
}

/// One module.
#[derive(Clone, Debug, PartialEq)]
struct Module {
    kind: Kind,
    /// What its functions begin with.
    name: String,
    /// Below the site's directory.
    file: String,
    /// Whether it is a Python file that was written for Salt.
    python: bool,
    /// What an executable wants to be told with each request: `grains`, `pillar`, `opts`.
    wants: Vec<String>,
    /// Whether an executable asks back while it works.
    asks: bool,
    functions: Vec<Function>,
    /// Why it has no functions.
    problem: Option<String>,
}

/// One function.
#[derive(Clone, Debug, PartialEq)]
struct Function {
    /// `module.function`.
    fun: String,
    signature: String,
    doc: String,
    out: Option<String>,
}

/// A function that was found.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    site: &'a Site,
    module: &'a Module,
    function: &'a Function,
}

impl<'a> Found<'a> {
    /// What there is to know of it.
    pub fn about(&self) -> About<'a> {
        let Function { fun, signature, doc, out } = self.function;
        About { fun, signature, doc, out: out.as_deref() }
    }

    /// Its parameters.
    pub fn signature(&self) -> Signature<'a> {
        Signature::parse(&self.function.signature)
    }

    /// Whether it has a parameter of that name.
    pub fn takes(&self, name: &str) -> bool {
        self.signature().parameters.iter().any(|p| p.name == name)
    }
}

impl Site {
    fn new(dir: PathBuf, stamp: String, modules: Vec<Module>, grains: bool) -> Self {
        let mut functions = HashMap::new();
        for (at, module) in modules.iter().enumerate() {
            for (number, function) in module.functions.iter().enumerate() {
                // Of two modules with one name the first in the order of files counts, as in Salt.
                functions.entry((module.kind, function.fun.clone())).or_insert((at, number));
            }
        }
        Site { dir, stamp, modules, functions, grains }
    }

    /// The function of that name.
    pub fn find(&self, kind: Kind, fun: &str) -> Option<Found<'_>> {
        if self.functions.is_empty() {
            return None;
        }
        let (module, function) = self.functions.get(&(kind, fun.to_owned()))?;
        let module = self.modules.get(*module)?;
        Some(Found { site: self, module, function: module.functions.get(*function)? })
    }

    /// Why there is no such function although there is such a module.
    pub fn problem(&self, kind: Kind, fun: &str) -> Option<&str> {
        let (name, _) = fun.split_once('.')?;
        let stem = |file: &str| file.rsplit('/').next().and_then(|f| f.split('.').next()) == Some(name);
        let is_it = |m: &&Module| m.kind == kind && (m.name == name || stem(&m.file));
        self.modules.iter().filter(is_it).find_map(|m| m.problem.as_deref())
    }

    /// All functions of a kind.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = About<'_>> {
        let found = self.functions.iter().filter(move |((of, _), _)| *of == kind);
        found.filter_map(move |((_, fun), _)| self.find(kind, fun)).map(|found| found.about())
    }

    /// The names of the modules of a kind.
    pub fn names(&self, kind: Kind) -> Vec<&str> {
        let mut names: Vec<_> =
            self.modules.iter().filter(|m| m.kind == kind).map(|m| m.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether there is anything at all.
    pub fn is_here(&self) -> bool {
        self.grains || !self.modules.is_empty()
    }

    /// Whether it has grains of its own.
    pub fn has_grains(&self) -> bool {
        self.grains
    }
}
