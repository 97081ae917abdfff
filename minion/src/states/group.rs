//! Groups as they should be.

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry};
use crate::exec::group;
use crate::{Ctx, args};

/// The states of `group`.
pub const STATES: &[StateEntry] = &[entry::<Present>(), entry::<Absent>()];

args! {
    /// A group is there, and these are in it.
    ///
    /// ```yaml
    /// deployers:
    ///   group.present:
    ///     - gid: 7648
    ///     - system: true
    ///     - addusers: [deploy]     # these too
    ///     - delusers: [former]     # these not
    ///     - members: [deploy]      # or: these and nobody else
    /// ```
    /// Also: non_unique (a number that is taken), local.
    pub struct Present {
        name: String,
        #[serde(default)]
        gid: Value,
        #[serde(default)]
        system: Flag,
        #[serde(default)]
        addusers: Option<OneOrMany<String>>,
        #[serde(default)]
        delusers: Option<OneOrMany<String>>,
        #[serde(default)]
        members: Option<OneOrMany<String>>,
        #[serde(default)]
        non_unique: Flag,
        #[serde(default)]
        local: Flag,
    }

    /// A group is not there.
    pub struct Absent {
        name: String,
        #[serde(default)]
        local: Flag,
    }
}

impl Present {
    /// What is to be changed of the group; none when there is none.
    fn changes(&self, ctx: &Ctx<'_>) -> Result<Option<Dict>, StateError> {
        let Some(is) = group::find(ctx, &self.name, None)? else { return Ok(None) };
        let mut out = Dict::new();
        if let Some(gid) = self.gid()?.filter(|gid| *gid != is.gid) {
            out.insert("gid", gid);
        }
        let has = |user: &String| is.members.contains(user);
        if let Some(members) = &self.members {
            if members.is_empty() && !is.members.is_empty() {
                out.insert("delusers", is.members.clone());
            } else if !members.iter().all(has) || !is.members.iter().all(|user| members.contains(user)) {
                out.insert("members", members.0.clone());
            }
        }
        let some = |users: &Option<OneOrMany<String>>, there: bool| {
            let users: Vec<String> =
                users.iter().flat_map(|users| users.iter()).filter(|u| has(u) == there).cloned().collect();
            Some(users).filter(|users| !users.is_empty())
        };
        if let Some(users) = some(&self.addusers, false) {
            out.insert("addusers", users);
        }
        if let Some(users) = some(&self.delusers, true) {
            out.insert("delusers", users);
        }
        Ok(Some(out))
    }

    fn gid(&self) -> Result<Option<u32>, StateError> {
        if !self.gid.is_true() {
            return Ok(None);
        }
        self.gid.to_string().parse().map(Some).map_err(|_| StateError::refused("Invalid gid"))
    }

    fn add(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = &self.name;
        let args = Dict::new()
            .with("gid", self.gid.clone())
            .with("system", self.system.0)
            .with("non_unique", self.non_unique.0)
            .with("local", self.local.0);
        if !ctx.call("group.add", vec![name.into()], args)?.is_true() {
            return Ok(Outcome::new(Some(false), format!("Failed to create new group {name}")));
        }
        let members = [&self.addusers, &self.members].into_iter().flatten().find(|users| !users.is_empty());
        if let Some(members) = members {
            ctx.call("group.members", vec![name.into(), members.0.clone().into()], Dict::new())?;
        }
        let left = self.changes(ctx)?.unwrap_or_default();
        if !left.is_empty() {
            let comment = format!("Group {name} has been created but, some changes could not be applied");
            return Ok(Outcome::new(Some(false), comment).with_changes(Dict::new().with("Failed", left)));
        }
        let made = group::find(ctx, name, None)?.map(|made| group::described(&made));
        let changes = made.as_ref().and_then(Value::as_dict).cloned().unwrap_or_default();
        Ok(Outcome::new(Some(true), format!("New group {name} created")).with_changes(changes))
    }

    fn update(&self, changes: Dict, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = &self.name;
        let mut comment = announced(&changes);
        for (key, value) in changes {
            let one_by_one = |fun: &str| -> Result<(), StateError> {
                for user in value.as_list().unwrap_or_default() {
                    ctx.call(fun, vec![name.into(), user.clone()], Dict::new())?;
                }
                Ok(())
            };
            match key.as_str().unwrap_or_default() {
                "gid" => {
                    let non_unique = Dict::new().with("non_unique", self.non_unique.0);
                    ctx.call("group.chgid", vec![name.into(), value], non_unique)?;
                }
                "addusers" => one_by_one("group.adduser")?,
                "delusers" => one_by_one("group.deluser")?,
                _ => {
                    ctx.call("group.members", vec![name.into(), value], Dict::new())?;
                }
            }
        }
        let left = self.changes(ctx)?.unwrap_or_default();
        if !left.is_empty() {
            comment.push_str("Some changes could not be applied");
            return Ok(Outcome::new(Some(false), comment).with_changes(Dict::new().with("Failed", left)));
        }
        let changes = Dict::new().with("Final", "All changes applied successfully");
        Ok(Outcome::new(Some(true), comment).with_changes(changes))
    }
}

fn announced(changes: &Dict) -> String {
    let mut text = "The following group attributes are set to be changed:\n".to_owned();
    for (key, value) in changes {
        text.push_str(&format!("{key}: {value}\n"));
    }
    text
}

impl State for Present {
    const FUN: &'static str = "group.present";
    /// What is to be changed; none: the group is to be added.
    type Step = Option<Dict>;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Option<Dict>>, StateError> {
        let name = &self.name;
        if self.members.is_some() && (self.addusers.is_some() || self.delusers.is_some()) {
            let comment = "Error: Conflicting options \"members\" with \"addusers\" and/or \"delusers\" can not be used together. ";
            return Err(StateError::refused(comment));
        }
        if let (Some(add), Some(del)) = (&self.addusers, &self.delusers)
            && add.iter().any(|user| del.contains(user))
        {
            return Err(StateError::refused(
                "Error. Same user(s) can not be added and deleted simultaneously",
            ));
        }
        let changes = self.changes(ctx)?;
        let comment = match &changes {
            Some(changes) if changes.is_empty() => {
                return Ok(Plan::nothing(format!("Group {name} is present and up to date")));
            }
            Some(changes) => announced(changes),
            None => {
                let gid = match &self.gid {
                    Value::None => None,
                    gid => gid.to_string().parse::<u32>().ok().filter(|_| !self.non_unique.0),
                };
                let taken = ctx.host.groups()?.iter().find(|group| Some(group.gid) == gid).cloned();
                if let (Some(taken), Some(gid)) = (taken, gid) {
                    return Err(StateError::refused(format!(
                        "Group {name} is not present but gid {gid} is already taken by group {}",
                        taken.name
                    )));
                }
                format!("Group {name} set to be added")
            }
        };
        Ok(Plan::steps(vec![changes], Dict::new(), comment))
    }

    fn apply(&self, changes: Option<Dict>, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let done = match changes {
            None => self.add(ctx),
            Some(changes) => self.update(changes, ctx),
        };
        done.map(Applied::Done)
    }
}

impl State for Absent {
    const FUN: &'static str = "group.absent";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        if group::find(ctx, &self.name, None)?.is_none() {
            return Ok(Plan::nothing("Group not present"));
        }
        Ok(Plan::steps(vec![()], Dict::new(), format!("Group {} is set for removal", self.name)))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = &self.name;
        if !ctx.call("group.delete", vec![name.into()], Dict::new().with("local", self.local.0))?.is_true() {
            return Err(StateError::refused(format!("Failed to remove group {name}")));
        }
        Ok(Applied::Changed { changes: Dict::new().with(name, ""), comment: format!("Removed group {name}") })
    }
}
