//! Methods.
use crate::Result;
use crate::val::{BinOp, IndexSet, Key, Val, collect};
pub(crate) fn as_set(v: &Val) -> Result<IndexSet> {
    collect(v)?.into_iter().map(Key::new).collect()
}
pub(crate) fn date_arithmetic(_op: BinOp, _a: &Val, _b: &Val) -> Option<Result<Val>> {
    None
}
pub(crate) fn exists(_v: &Val, _name: &str) -> bool {
    false
}
pub(crate) fn data_attr(_v: &Val, _name: &str) -> Result<Option<Val>> {
    Ok(None)
}
