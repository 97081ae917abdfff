//! JMESPath (<https://jmespath.org>), the language of Salt's `json_query`: as the Python library reads it.

mod functions;
mod parse;
mod search;
mod token;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::Table;
use crate::Result;
use crate::val::{CallArgs, Val};
use parse::Node;

pub(super) const TABLE: Table = &[("json_query", json_query)];

thread_local! {
    /// Loops use one expression many times.
    static PARSED: RefCell<HashMap<Rc<str>, Rc<Node>>> = RefCell::default();
}
const MAX_PARSED: usize = 256;

fn json_query(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("json_query", ["data", "expr"], 2)?;
    let (data, expression) = (b.take(0), b.take(1));
    let expression = crate::methods::text(&expression)?;
    let known = PARSED.with_borrow(|p| p.get(&*expression).cloned());
    let node = match known {
        Some(node) => node,
        None => {
            let node = Rc::new(parse::parse(&expression)?);
            PARSED.with_borrow_mut(|p| {
                if p.len() >= MAX_PARSED {
                    p.clear();
                }
                p.insert((&*expression).into(), node.clone());
            });
            node
        }
    };
    search::Search { args }.value(&node, &data)
}
