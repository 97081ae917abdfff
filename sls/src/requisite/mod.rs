//! Requisites: which states a state waits for, and what their results mean for it.

mod aggregate;
mod cycle;
mod edges;
mod graph;
mod order;
mod status;

pub(crate) use graph::Graph;
pub(crate) use status::{Outcome, Status, judge};

use data::{Dict, Value};

/// The kinds of requisites. Their order is Salt's precedence when the order of states is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Onfail,
    OnfailAny,
    OnfailAll,
    Require,
    RequireAny,
    Onchanges,
    OnchangesAny,
    Watch,
    WatchAny,
    Prereq,
}

impl Kind {
    /// In the order in which the requisites of a chunk are looked at.
    pub(crate) const ALL: [Kind; 10] = [
        Kind::Require,
        Kind::RequireAny,
        Kind::Watch,
        Kind::WatchAny,
        Kind::Prereq,
        Kind::Onfail,
        Kind::OnfailAny,
        Kind::OnfailAll,
        Kind::Onchanges,
        Kind::OnchangesAny,
    ];

    /// In the order of precedence.
    const SORTED: [Kind; 10] = [
        Kind::Onfail,
        Kind::OnfailAny,
        Kind::OnfailAll,
        Kind::Require,
        Kind::RequireAny,
        Kind::Onchanges,
        Kind::OnchangesAny,
        Kind::Watch,
        Kind::WatchAny,
        Kind::Prereq,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Onfail => "onfail",
            Kind::OnfailAny => "onfail_any",
            Kind::OnfailAll => "onfail_all",
            Kind::Require => "require",
            Kind::RequireAny => "require_any",
            Kind::Onchanges => "onchanges",
            Kind::OnchangesAny => "onchanges_any",
            Kind::Watch => "watch",
            Kind::WatchAny => "watch_any",
            Kind::Prereq => "prereq",
        }
    }
}

/// A small set of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kinds(u16);

impl Kinds {
    /// Those of a chunk.
    pub(crate) fn of(low: &Dict) -> Kinds {
        let mut kinds = Kinds::default();
        for key in low.keys().filter_map(Value::as_str) {
            // Few keys begin like one of them.
            if !matches!(key.as_bytes().first(), Some(b'r' | b'w' | b'o' | b'p')) {
                continue;
            }
            if let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == key) {
                kinds.add(kind);
            }
        }
        kinds
    }

    /// Adds a kind; false when it was there.
    pub(crate) fn add(&mut self, kind: Kind) -> bool {
        let new = self.0 & (1 << kind as u16) == 0;
        self.0 |= 1 << kind as u16;
        new
    }

    /// Whether a kind is among them.
    pub(crate) fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::SORTED.into_iter().filter(move |kind| self.has(*kind))
    }

    /// The one that was looked at first.
    pub(crate) fn first(self) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| self.has(*kind))
    }

    pub(crate) fn len(self) -> u32 {
        self.0.count_ones()
    }
}

/// An item of a requisite: `{pkg: nginx}`, `{pkg.installed: nginx}` or just an ID.
pub(crate) fn reference(item: &Value) -> Option<(&str, &Value)> {
    if item.as_str().is_some() {
        return Some(("id", item));
    }
    let (kind, target) = item.as_dict()?.get_index(0)?;
    let kind = kind.as_str()?;
    Some((kind.split('.').next().unwrap_or(kind), target))
}
