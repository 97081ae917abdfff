//! `postgres_tablespace.present` and `absent`.

use data::Dict;

use super::{Step, carry_out, change, of, on_server};
use crate::Ctx;
use crate::exec::postgres::{Statement, ident, tablespace_sql};
use crate::states::{Applied, Plan, State, StateError};

on_server! {
    /// There is a tablespace.
    ///
    /// ```yaml
    /// fast:
    ///   postgres_tablespace.present:
    ///     - directory: /srv/fast    # an empty one, of the user that the server runs as
    ///     - owner: app
    ///     - options:
    ///         random_page_cost: '1.1'
    /// ```
    /// Changes: `Present`, or what became another: owner, options. The directory of a tablespace cannot be changed.
    pub(crate) struct Present {
        name: String,
        directory: String,
        #[serde(default)]
        options: Option<Dict>,
        #[serde(default)]
        owner: Option<String>,
    }

    /// There is no such tablespace. One with something in it is not removed.
    ///
    /// ```yaml
    /// fast:
    ///   postgres_tablespace.absent
    /// ```
    /// Changes: `Absent`.
    pub(crate) struct Absent {
        name: String,
    }
}

impl State for Present {
    const FUN: &'static str = "postgres_tablespace.present";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let name = &self.name;
        let Some(is) = self.server(ctx).tablespaces()?.remove(name) else {
            let create = tablespace_sql(name, &self.directory, self.options.as_ref(), self.owner.as_deref());
            return Ok(change(
                vec![create],
                name,
                "Present",
                [
                    format!("Tablespace {name} is set to be created"),
                    format!("The tablespace {name} has been created"),
                    format!("Failed to create tablespace {name}"),
                ],
            ));
        };
        if of(&is, "Location") != self.directory {
            return Err(StateError::refused(format!(
                "Tablespace {name} is at {} and not at {}: the directory of a tablespace cannot be changed, drop and create it",
                of(&is, "Location"),
                self.directory
            )));
        }
        let (mut statements, mut changes, mut what) = (Vec::new(), Dict::new(), Vec::new());
        if let Some(owner) = self.owner.as_ref().filter(|owner| *owner != of(&is, "Owner")) {
            statements.push(Statement::new(format!(
                "ALTER TABLESPACE {} OWNER TO {}",
                ident(name),
                ident(owner)
            )));
            changes.insert("owner", owner);
            what.push("owner");
        }
        let set: Vec<&str> = of(&is, "Opts").trim_matches(['{', '}']).split(',').collect();
        let mut options = Dict::new();
        for (key, value) in self.options.iter().flatten() {
            if !set.contains(&format!("{key}={value}").as_str()) {
                let sql = format!("ALTER TABLESPACE {} SET ({key} = {value})", ident(name));
                statements.push(Statement::new(sql));
                options.insert(key.clone(), value.clone());
            }
        }
        if !options.is_empty() {
            changes.insert("options", options);
            what.push("opts");
        }
        if statements.is_empty() {
            return Ok(Plan::nothing(format!("Tablespace {name} is already present")));
        }
        let what = what.join(" and ");
        Ok(change(
            statements,
            name,
            changes,
            [
                format!("Tablespace {name} {what} to be altered"),
                format!("Tablespace {name} {what} changed"),
                format!("Failed to change {what} of tablespace {name}"),
            ],
        ))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx))
    }
}

impl State for Absent {
    const FUN: &'static str = "postgres_tablespace.absent";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        let name = &self.name;
        if !self.server(ctx).tablespaces()?.contains(name) {
            return Ok(Plan::nothing(format!("Tablespace {name} is not present, so it cannot be removed")));
        }
        let drop = Statement::new(format!("DROP TABLESPACE {}", ident(name)));
        Ok(change(
            vec![drop],
            name,
            "Absent",
            [
                format!("Tablespace {name} is set to be removed"),
                format!("Tablespace {name} has been removed"),
                format!("Tablespace {name} failed to be removed"),
            ],
        ))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        carry_out(step, &self.server(ctx))
    }
}
