//! `shadow`: passwords and how long they last.

use data::{Dict, Value};

use super::plain::{Given, functions};

functions! {
    /// Return the line of an account in `/etc/shadow`; empty texts when there is none: `rsalt '*' shadow.info root`
    "shadow.info"("name, root=None") = |args, ctx| {
        const FIELDS: [&str; 8] = ["name", "passwd", "lstchg", "min", "max", "warn", "inact", "expire"];
        let name = args.text("name");
        let text = ctx.host.read_opt("/etc/shadow".as_ref()).ok().flatten().unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let line = text.lines().find(|line| line.split(':').next() == Some(name.as_str()));
        let values = line.map(|line| line.split(':').collect::<Vec<_>>());
        let field = |(at, field): (usize, &&'static str)| {
            let value = match &values {
                None => Value::from(""),
                Some(values) => {
                    let text = values.get(at).copied().unwrap_or_default();
                    if at < 2 { text.into() } else { text.parse::<i64>().unwrap_or(-1).into() }
                }
            };
            (*field, value)
        };
        Ok(FIELDS.iter().enumerate().map(field).collect::<Dict>().into())
    };
}
