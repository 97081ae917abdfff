//! `sys.doc`: the minions' documentation, each function once.

use std::collections::BTreeMap;

use data::Value;

use super::error::CliError;
use super::output::Printer;
use super::summary::Tally;

/// Prints the documentation that the kept answers hold.
pub(super) fn print(printer: &mut Printer, tally: &Tally) -> Result<(), CliError> {
    let mut docs: BTreeMap<String, Value> = BTreeMap::new();
    for answer in tally.kept() {
        if let Value::Dict(of_minion) = answer.value() {
            for (fun, doc) in of_minion.iter().filter(|(_, doc)| doc.is_true()) {
                docs.entry(fun.to_string()).or_insert_with(|| doc.clone());
            }
        } else {
            // A missing minion, or one that could not say.
            printer.answer(answer)?;
        }
    }
    for (fun, doc) in docs {
        if printer.chosen().is_some() {
            printer.value(&data::Dict::new().with(fun, doc).into(), None)?;
        } else {
            printer.line(&format!("{fun}:\n{doc}\n"))?;
        }
    }
    Ok(())
}
