//! Accounts as they should be.

use std::collections::HashMap;

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry};
use crate::exec::plain::Given;
use crate::exec::{shadow, user};
use crate::{Ctx, args};

/// The states of `user`.
pub const STATES: &[StateEntry] = &[entry::<Present>(), entry::<Absent>()];

fn yes() -> Flag {
    Flag(true)
}

args! {
    /// An account is there, and is so.
    ///
    /// ```yaml
    /// deploy:
    ///   user.present:
    ///     - uid: 4000
    ///     - gid: 4000                # or the name of a group; usergroup: true makes one of its own name
    ///     - groups: [www-data]       # optional_groups: those of them that there are
    ///     - remove_groups: true      # out of all other groups; default
    ///     - home: /srv/deploy        # createhome: false leaves it out
    ///     - shell: /bin/bash
    ///     - fullname: Deploys        # also roomnumber, workphone, homephone, other
    ///     - password: $6$…           # a hash; hash_password: true hashes a clear text
    /// ```
    /// Also: enforce_password (false: only while there is none), empty_password, password_lock, unique, system,
    /// nologinit, persist_home, date, mindays, maxdays, inactdays, warndays, expire, local. uid and gid of an account
    /// that is there change with allow_uid_change and allow_gid_change alone.
    pub struct Present {
        name: String,
        #[serde(default)]
        uid: Option<i64>,
        #[serde(default)]
        gid: Value,
        #[serde(default)]
        usergroup: Option<Flag>,
        #[serde(default)]
        groups: Option<OneOrMany<String>>,
        #[serde(default)]
        optional_groups: Option<OneOrMany<String>>,
        #[serde(default = yes)]
        remove_groups: Flag,
        #[serde(default)]
        home: Option<String>,
        #[serde(default = yes)]
        createhome: Flag,
        #[serde(default)]
        persist_home: Flag,
        #[serde(default)]
        password: Option<String>,
        #[serde(default)]
        hash_password: Flag,
        #[serde(default = yes)]
        enforce_password: Flag,
        #[serde(default)]
        empty_password: Flag,
        #[serde(default)]
        shell: Option<String>,
        #[serde(default = yes)]
        unique: Flag,
        #[serde(default)]
        system: Flag,
        #[serde(default)]
        fullname: Option<String>,
        #[serde(default)]
        roomnumber: Option<String>,
        #[serde(default)]
        workphone: Option<String>,
        #[serde(default)]
        homephone: Option<String>,
        #[serde(default)]
        other: Option<String>,
        #[serde(default)]
        date: Value,
        #[serde(default)]
        mindays: Value,
        #[serde(default)]
        maxdays: Value,
        #[serde(default)]
        inactdays: Value,
        #[serde(default)]
        warndays: Value,
        #[serde(default)]
        expire: Value,
        #[serde(default)]
        nologinit: Flag,
        #[serde(default)]
        allow_uid_change: Flag,
        #[serde(default)]
        allow_gid_change: Flag,
        #[serde(default)]
        password_lock: Option<Flag>,
        #[serde(default)]
        local: Flag,
    }

    /// An account is not there.
    ///
    /// ```yaml
    /// deploy:
    ///   user.absent:
    ///     - purge: true      # its home and mail, too
    ///     - force: true      # also when it is logged in
    /// ```
    pub struct Absent {
        name: String,
        #[serde(default)]
        purge: Flag,
        #[serde(default)]
        force: Flag,
        #[serde(default)]
        local: Flag,
    }
}

/// What stands where a password would.
const REDACTED: &str = "XXX-REDACTED-XXX";

/// What an account lacks, and the values that were made up for it.
pub struct Wanted {
    /// None: there is no such account.
    changes: Option<Dict>,
    /// The hash that it is to have.
    password: Option<String>,
    groups: Option<Vec<String>>,
    optional: Option<Vec<String>>,
}

/// The settings of `/etc/shadow` that are days: argument, key of `shadow.info`, key of the changes, what they are called.
type Days<'a> = (&'a Value, &'static str, &'static str, &'static str);

fn call(ctx: &Ctx<'_>, fun: &str, args: Vec<Value>) -> Result<Value, StateError> {
    Ok(ctx.call(fun, args, Dict::new())?)
}

fn gid_of(ctx: &Ctx<'_>, group: &Value) -> Result<Option<u32>, StateError> {
    Ok(match group.as_int() {
        Some(gid) => u32::try_from(gid).ok(),
        None => ctx.host.group(&group.to_string())?.map(|group| group.gid),
    })
}

impl Present {
    fn info(&self, ctx: &Ctx<'_>) -> Result<Option<Dict>, StateError> {
        Ok(user::info(ctx, &self.name, None)?)
    }

    fn days(&self) -> [Days<'_>; 6] {
        [
            (&self.date, "lstchg", "date", "last change date"),
            (&self.mindays, "min", "mindays", "minimum days"),
            (&self.maxdays, "max", "maxdays", "maximum days"),
            (&self.inactdays, "inact", "inactdays", "inactive days"),
            (&self.warndays, "warn", "warndays", "warn days"),
            (&self.expire, "expire", "expire", "expire days"),
        ]
    }

    fn said(&self) -> [(&'static str, &Option<String>); 5] {
        [
            ("fullname", &self.fullname),
            ("roomnumber", &self.roomnumber),
            ("workphone", &self.workphone),
            ("homephone", &self.homephone),
            ("other", &self.other),
        ]
    }

    /// The hash of the password: hashed as the one that is there, so that the same password is the same hash.
    fn hash(&self, ctx: &Ctx<'_>) -> Result<Option<String>, StateError> {
        let Some(password) = self.password.as_deref().filter(|password| !password.is_empty()) else {
            return Ok(None);
        };
        if !self.hash_password.0 {
            return Ok(Some(password.to_owned()));
        }
        let is = shadow::info(ctx, &self.name, None).text("passwd");
        match crate::exec::crypt::crypt(password, is.trim_start_matches('!')) {
            Some(hash) => Ok(Some(hash)),
            None => Ok(Some(shadow::hashed(password, &format!("$6${}", shadow::random_salt()?))?)),
        }
    }

    /// The groups that it is to be in beyond its main one, and whether that is another set than those it is in.
    fn group_changes(
        &self,
        is: &Dict,
        gid: &Value,
        wanted: &Wanted,
        ctx: &Ctx<'_>,
    ) -> Result<Option<Vec<String>>, StateError> {
        let remove = self.remove_groups.0;
        let mut mine: Vec<String> = user::groups_of(ctx, &self.name)?;
        let mut names: Vec<String> =
            wanted.groups.iter().chain(&wanted.optional).flatten().cloned().collect();
        if !remove || (wanted.groups.is_none() && wanted.optional.as_ref().is_none_or(Vec::is_empty)) {
            names.extend(mine.iter().cloned());
        }
        names.sort_unstable();
        names.dedup();
        let by_name: HashMap<String, u32> =
            ctx.host.groups()?.iter().map(|g| (g.name.clone(), g.gid)).collect();
        // Groups may share a number: then either name is the same group.
        let same = |name: &str, of: &str| {
            name == of || by_name.get(name).is_some_and(|gid| by_name.get(of) == Some(gid))
        };
        let old_main = is.arg("gid").as_int().and_then(|gid| ctx.host.group_name(u32::try_from(gid).ok()?));
        let main = match gid {
            Value::None => old_main.clone(),
            gid => gid_of(ctx, gid)?.and_then(|gid| ctx.host.group_name(gid)),
        };
        if let Some(main) = &main {
            mine.retain(|name| !same(name, main));
            names.retain(|name| !same(name, main));
        }
        if let Some(old) = old_main.filter(|old| Some(old) != main.as_ref()) {
            mine.retain(|name| !same(name, &old));
        }
        if !names.contains(&self.name) {
            mine.retain(|name| !same(name, &self.name));
        }
        let lacks = names.iter().any(|name| !mine.iter().any(|is| same(is, name)));
        let has_more = remove && mine.iter().any(|name| !names.iter().any(|is| same(is, name)));
        Ok(((lacks || has_more) && (!names.is_empty() || remove)).then_some(names))
    }

    /// What is to be changed of the account; none when there is none. `any`: a number may change.
    fn changes(
        &self,
        gid: &Value,
        wanted: &Wanted,
        any: bool,
        ctx: &Ctx<'_>,
    ) -> Result<Option<Dict>, StateError> {
        let Some(is) = self.info(ctx)? else { return Ok(None) };
        let shadow = shadow::info(ctx, &self.name, None);
        let mut out = Dict::new();
        if let Some(uid) = self.uid.filter(|uid| *uid != 0 && is.arg("uid").as_int() != Some(*uid)) {
            out.insert("uid", uid);
        }
        if !gid.is_none() && gid_of(ctx, gid)?.map(i64::from) != is.arg("gid").as_int() {
            out.insert("gid", gid.clone());
        }
        if let Some(groups) = self.group_changes(&is, gid, wanted, ctx)? {
            out.insert("groups", groups);
        }
        let home = self.home.as_deref().filter(|home| !home.is_empty());
        if let Some(home) = home.filter(|home| is.text("home") != **home) {
            out.insert("home", home);
        }
        if self.createhome.0 {
            let home = home.map_or_else(|| is.text("home"), str::to_owned);
            if !ctx.host.is_dir(home.as_ref()) {
                out.insert("homeDoesNotExist", home);
            }
        }
        if let Some(shell) =
            self.shell.as_ref().filter(|shell| !shell.is_empty() && is.text("shell") != **shell)
        {
            out.insert("shell", shell);
        }
        let has = shadow.text("passwd");
        if let Some(password) = wanted.password.as_ref().filter(|_| !self.empty_password.0) {
            // A locked password is the same password behind a mark.
            let has = if self.locked() == Some(true) { has.strip_prefix('!').unwrap_or(&has) } else { &has };
            if (has == "!" || self.enforce_password.0) && has != password {
                out.insert("passwd", password);
            }
        }
        if self.empty_password.0 && !has.is_empty() {
            out.insert("empty_password", true);
        }
        for (value, key, name, _) in self.days() {
            let wanted = shadow::days(value).filter(|days| key != "expire" || *days != 0);
            if wanted.is_some() && shadow.arg(key).as_int() != wanted {
                out.insert(name, value.clone());
            }
        }
        if let Some(locked) = self.locked().filter(|locked| *locked != has.starts_with('!')) {
            out.insert("password_lock", locked);
        }
        for (field, value) in self.said() {
            if let Some(value) = value.as_ref().filter(|value| is.text(field) != **value) {
                out.insert(field, value);
            }
        }
        let mut errors = Vec::new();
        for (key, allowed) in [("uid", self.allow_uid_change.0), ("gid", self.allow_gid_change.0)] {
            if let Some(new) = out.get(key).filter(|_| !allowed && !any) {
                errors.push(format!(
                    "Changing {key} ({} -> {new}) not permitted, set allow_{key}_change to True to force this change. \
                     Note that this will not change file ownership.",
                    is.text(key)
                ));
            }
        }
        if !errors.is_empty() {
            errors.insert(
                0,
                "Encountered error checking for needed changes. Additional info follows:\n".to_owned(),
            );
            return Err(StateError::refused(errors.join("\n")));
        }
        Ok(Some(out))
    }

    fn locked(&self) -> Option<bool> {
        self.password_lock.map(|flag| flag.0)
    }

    /// Sets one of the days; whether it is then so.
    fn set_days(&self, (value, key, name, _): Days<'_>, ctx: &Ctx<'_>) -> Result<bool, StateError> {
        call(ctx, &format!("shadow.set_{name}"), vec![self.name.as_str().into(), value.clone()])?;
        Ok(shadow::info(ctx, &self.name, None).arg(key).as_int() == shadow::days(value))
    }

    fn add(&self, wanted: Wanted, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = self.name.as_str();
        let mut args = Dict::new().with("uid", self.uid).with("gid", self.gid.clone());
        let mut groups = wanted.groups.unwrap_or_default();
        groups.extend(wanted.optional.into_iter().flatten());
        args.insert("groups", groups);
        for (key, value) in [("home", &self.home), ("shell", &self.shell)] {
            args.insert(key, value.clone());
        }
        for (key, value) in [
            ("unique", self.unique),
            ("system", self.system),
            ("createhome", self.createhome),
            ("nologinit", self.nologinit),
            ("local", self.local),
        ] {
            args.insert(key, value.0);
        }
        args.insert("usergroup", self.usergroup.map(|flag| flag.0));
        for (field, value) in self.said() {
            args.insert(field, value.clone());
        }
        if !ctx.call("user.add", vec![name.into()], args)?.is_true() {
            return Ok(Outcome::new(Some(false), format!("Failed to create new user {name}")));
        }
        let mut out = Outcome::new(Some(true), format!("New user {name} created"));
        out.changes = self.info(ctx)?.unwrap_or_default();
        if !self.createhome.0 {
            out.changes.insert("home", "");
        }
        let mut failed = |what: String| {
            out.comment = format!("User {name} created but failed to {what}");
            out.result = Some(false);
        };
        let has = |ctx: &Ctx<'_>| shadow::info(ctx, name, None).text("passwd");
        if let Some(password) = wanted.password.filter(|_| !self.empty_password.0) {
            call(ctx, "shadow.set_password", vec![name.into(), password.as_str().into()])?;
            if has(ctx) != password {
                failed(format!("set password to {REDACTED}"));
            }
            out.changes.insert("password", REDACTED);
        } else if self.empty_password.0 {
            call(ctx, "shadow.del_password", vec![name.into()])?;
            if !has(ctx).is_empty() {
                failed("empty password".to_owned());
            }
            out.changes.insert("password", "");
        }
        for days in self.days() {
            let (value, _, key, called) = days;
            if shadow::days(value).is_none_or(|days| days == 0 && key != "date") {
                continue;
            }
            if !self.set_days(days, ctx)? {
                out.comment = format!("User {name} created but failed to set {called} to {value}");
                out.result = Some(false);
            }
            out.changes.insert(key, value.clone());
        }
        if let Some(locked) = self.locked().filter(|locked| *locked != has(ctx).starts_with('!')) {
            let fun = if locked { "shadow.lock_password" } else { "shadow.unlock_password" };
            call(ctx, fun, vec![name.into()])?;
        }
        Ok(out)
    }

    fn update(&self, mut changes: Dict, wanted: Wanted, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = self.name.as_str();
        let before = (self.info(ctx)?.unwrap_or_default(), shadow::info(ctx, name, None));
        if let Some(password) = changes.remove("passwd") {
            call(ctx, "shadow.set_password", vec![name.into(), password])?;
        }
        if changes.remove("empty_password").is_some() {
            call(ctx, "shadow.del_password", vec![name.into()])?;
        }
        // The password that was set just now is not locked.
        changes.remove("password_lock");
        if let Some(locked) = self.locked()
            && locked != shadow::info(ctx, name, None).text("passwd").starts_with('!')
        {
            let fun = if locked { "shadow.lock_password" } else { "shadow.unlock_password" };
            call(ctx, fun, vec![name.into()])?;
        }
        let (home, missing) = (changes.remove("home"), changes.remove("homeDoesNotExist"));
        if let Some(home) = missing.as_ref().or(home.as_ref()) {
            call(ctx, "user.chhome", vec![name.into(), home.clone(), self.persist_home.0.into()])?;
        }
        if let Some(home) = missing.map(|home| home.to_string()) {
            let path = std::path::Path::new(&home);
            if !ctx.host.is_dir(path) {
                let id = |key: &str| before.0.arg(key).as_int().and_then(|id| u32::try_from(id).ok());
                if let Some(above) = path.parent() {
                    ctx.host.mkdir_all(above, None)?;
                }
                ctx.host.mkdir(path, Some(0o755))?;
                ctx.host.chown(path, id("uid"), id("gid"), true)?;
            }
        }
        for days in self.days() {
            if changes.remove(days.2).is_some() {
                self.set_days(days, ctx)?;
            }
        }
        let groups = changes.remove("groups");
        for (key, value) in changes {
            call(ctx, &format!("user.ch{key}"), vec![name.into(), value])?;
        }
        if let Some(groups) = groups {
            call(ctx, "user.chgroups", vec![name.into(), groups, (!self.remove_groups.0).into()])?;
        }
        let after = (self.info(ctx)?.unwrap_or_default(), shadow::info(ctx, name, None));
        let mut out = Outcome::new(Some(true), format!("User {name} is present and up to date"));
        for (before, after) in [(&before.0, &after.0), (&before.1, &after.1)] {
            for (key, value) in after.iter().filter(|(key, value)| before.get_value(key) != Some(value)) {
                let redacted = key.as_str() == Some("passwd");
                out.changes.insert(key.clone(), if redacted { REDACTED.into() } else { value.clone() });
            }
        }
        if !out.changes.is_empty() {
            out.comment = format!("Updated user {name}");
        }
        if let Some(left) = self.changes(&self.gid, &wanted, true, ctx)?.filter(|left| !left.is_empty()) {
            out.comment = format!("These values could not be changed: {}", Value::from(redacted(left)));
            out.result = Some(false);
        }
        Ok(out)
    }
}

fn redacted(mut changes: Dict) -> Dict {
    if let Some(password) = changes.get_mut("passwd") {
        *password = REDACTED.into();
    }
    changes
}

impl State for Present {
    const FUN: &'static str = "user.present";
    type Step = Wanted;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Wanted>, StateError> {
        let name = &self.name;
        for said in [&self.fullname, &self.roomnumber, &self.workphone].into_iter().flatten() {
            if said.contains(',') {
                return Err(StateError::refused(format!("Unsupported char ',' in {said}")));
            }
        }
        let known = ctx.host.groups()?;
        let is_there = |name: &String| known.iter().any(|group| group.name == *name);
        let (groups, missing): (Vec<String>, Vec<String>) =
            self.groups.iter().flat_map(|groups| groups.iter().cloned()).partition(is_there);
        if !missing.is_empty() && !ctx.test {
            let comment = format!("The following group(s) are not present: {}", missing.join(","));
            return Err(StateError::refused(comment));
        }
        let optional = self.optional_groups.as_ref().filter(|groups| !groups.is_empty());
        let optional = optional.map(|groups| groups.iter().filter(|name| is_there(name)).cloned().collect());
        let groups = self.groups.as_ref().map(|_| groups);
        let mut wanted = Wanted { changes: None, password: self.hash(ctx)?, groups, optional };
        let own_group = self.usergroup.is_some_and(|flag| flag.0) && is_there(name);
        let gid = if own_group { Value::from(name) } else { self.gid.clone() };
        wanted.changes = self.changes(&gid, &wanted, false, ctx)?;
        let pending = |before: &str, after: &str| match missing.is_empty() {
            true => String::new(),
            false => format!("{before}{}{after}", missing.join(",")),
        };
        let comment = match &wanted.changes {
            None => format!("User {name} set to be added{}", pending(" (pending groups: ", ")")),
            Some(changes) if changes.is_empty() => {
                return Ok(Plan::nothing(format!("User {name} is present and up to date")));
            }
            Some(changes) => {
                let mut text = "The following user attributes are set to be changed:\n".to_owned();
                for (key, value) in &redacted(changes.clone()) {
                    text.push_str(&format!("{key}: {value}\n"));
                }
                text + &pending("groups (pending creation): ", "\n")
            }
        };
        Ok(Plan::steps(vec![wanted], Dict::new(), comment))
    }

    fn apply(&self, mut wanted: Wanted, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let done = match wanted.changes.take() {
            None => self.add(wanted, ctx),
            Some(changes) => self.update(changes, wanted, ctx),
        };
        done.map(Applied::Done)
    }
}

impl State for Absent {
    const FUN: &'static str = "user.absent";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let name = &self.name;
        if user::info(ctx, name, None)?.is_none() {
            return Ok(Plan::nothing(format!("User {name} is not present")));
        }
        Ok(Plan::steps(vec![()], Dict::new(), format!("User {name} set for removal")))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = &self.name;
        let groups = user::groups_of(ctx, name)?;
        let args = vec![Value::from(name), self.purge.0.into(), self.force.0.into()];
        if !ctx.call("user.delete", args, Dict::new().with("local", self.local.0))?.is_true() {
            return Err(StateError::refused(format!("Failed to remove user {name}")));
        }
        let left = ctx.host.groups()?;
        let mut changes = Dict::new();
        for gone in groups.iter().filter(|group| !left.iter().any(|is| is.name == **group)) {
            changes.insert(format!("{gone} group"), "removed");
        }
        changes.insert(name, "removed");
        Ok(Applied::Changed { changes, comment: format!("Removed user {name}") })
    }
}
