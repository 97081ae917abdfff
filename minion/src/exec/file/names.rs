//! Numbers of users and groups, and their names.

use data::Value;

use crate::exec::{ExecError, ExecFn};
use crate::{Ctx, args};

args! {
    /// Return the name of a user id; the id itself when nobody has it.
    ///
    /// CLI Example: `rsalt '*' file.uid_to_user 0`
    pub(crate) struct UidToUser {
        uid: Value,
    }

    /// Return the id of a user, `''` when there is no such user.
    ///
    /// CLI Example: `rsalt '*' file.user_to_uid root`
    pub(crate) struct UserToUid {
        user: Value,
    }

    /// Return the name of a group id; the id itself when no group has it.
    ///
    /// CLI Example: `rsalt '*' file.gid_to_group 0`
    pub(crate) struct GidToGroup {
        gid: Value,
    }

    /// Return the id of a group, `''` when there is no such group.
    ///
    /// CLI Example: `rsalt '*' file.group_to_gid root`
    pub(crate) struct GroupToGid {
        group: Value,
    }
}

/// The name of a user id, or the id.
pub(super) fn user(ctx: &Ctx<'_>, uid: u32) -> Value {
    ctx.host.user_name(uid).map_or_else(|| uid.into(), Value::from)
}

/// The name of a group id, or the id.
pub(super) fn group(ctx: &Ctx<'_>, gid: u32) -> Value {
    ctx.host.group_name(gid).map_or_else(|| gid.into(), Value::from)
}

/// The id of a user by name; an integer is an id. None when there is no such user.
pub(super) fn uid(ctx: &Ctx<'_>, user: &Value) -> Result<Option<u32>, ExecError> {
    if let Some(uid) = user.as_int() {
        return Ok(u32::try_from(uid).ok());
    }
    if user.is_none() {
        return Ok(Some(ctx.host.euid()));
    }
    let name = user.to_string();
    Ok(ctx.host.users()?.iter().find(|known| known.name == name).map(|known| known.uid))
}

/// The id of a group by name; an integer is an id. None when there is no such group.
pub(super) fn gid(ctx: &Ctx<'_>, group: &Value) -> Result<Option<u32>, ExecError> {
    if let Some(gid) = group.as_int() {
        return Ok(u32::try_from(gid).ok());
    }
    let name = group.to_string();
    Ok(ctx.host.groups()?.iter().find(|known| known.name == name).map(|known| known.gid))
}

fn or_empty(id: Option<u32>) -> Value {
    id.map_or_else(|| "".into(), Value::from)
}

impl ExecFn for UidToUser {
    const FUN: &'static str = "file.uid_to_user";
    const SIGNATURE: &'static str = "uid";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let uid = self.uid.as_int().and_then(|uid| u32::try_from(uid).ok());
        Ok(uid.map_or(self.uid, |uid| user(ctx, uid)))
    }
}

impl ExecFn for UserToUid {
    const FUN: &'static str = "file.user_to_uid";
    const SIGNATURE: &'static str = "user";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(or_empty(uid(ctx, &self.user)?))
    }
}

impl ExecFn for GidToGroup {
    const FUN: &'static str = "file.gid_to_group";
    const SIGNATURE: &'static str = "gid";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let number =
            self.gid.as_int().or_else(|| self.gid.as_str().and_then(|text| text.trim().parse().ok()));
        match number {
            Some(number) => Ok(u32::try_from(number).map_or_else(|_| number.into(), |gid| group(ctx, gid))),
            None => Ok(gid(ctx, &self.gid)?.map_or_else(|| "".into(), |gid| group(ctx, gid))),
        }
    }
}

impl ExecFn for GroupToGid {
    const FUN: &'static str = "file.group_to_gid";
    const SIGNATURE: &'static str = "group";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(or_empty(if self.group.is_none() { None } else { gid(ctx, &self.group)? }))
    }
}
