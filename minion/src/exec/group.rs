//! `group`: what is known of groups.

use data::{Dict, Value};

use super::plain::{Given, functions};
use crate::host::Group;

functions! {
    /// Return what is known of a group; an empty dict when there is none: `rsalt '*' group.info users`
    "group.info"("name, root=None") = |args, ctx| {
        let (groups, name) = (ctx.host.groups()?, args.text("name"));
        Ok(groups.iter().find(|group| group.name == name).map_or_else(Value::dict, described))
    };
    /// Return what is known of all groups: `rsalt '*' group.getent`
    "group.getent"("refresh=False, root=None") = |_, ctx| {
        Ok(ctx.host.groups()?.iter().map(described).collect())
    };
}

fn described(group: &Group) -> Value {
    let out = Dict::new().with("name", group.name.as_str()).with("passwd", "x").with("gid", group.gid);
    out.with("members", group.members.clone()).into()
}
