//! `key`: minions' keys by their state, as `salt-key` lists them.

use super::color::Colors;
use super::{NotMine, Options, strip_escapes};
use crate::Value;

pub(super) fn output(value: &Value, options: &Options) -> Result<String, NotMine> {
    let colors = Colors::new(options.color);
    let Value::Dict(states) = value else { return Err(NotMine) };
    let mut states: Vec<(&Value, &Value)> = states.iter().collect();
    crate::yaml::sort_keys(&mut states);
    let mut lines: Vec<String> = Vec::new();
    for (state, keys) in states {
        let (title, head, color) = match state.as_str() {
            Some("minions") => ("Accepted Keys:", colors.light_green, colors.green),
            Some("minions_pre") => ("Unaccepted Keys:", colors.light_red, colors.red),
            Some("minions_denied") => ("Denied Keys:", colors.light_magenta, colors.magenta),
            Some("minions_rejected") => ("Rejected Keys:", colors.light_blue, colors.blue),
            Some("local") => ("Local Keys:", colors.light_magenta, colors.magenta),
            _ => return Err(NotMine),
        };
        lines.push(format!("{head}{title}{}", colors.end));
        let shown = |key: &Value| {
            let key = key.to_string();
            if options.strip_colors { strip_escapes(&key) } else { key }
        };
        match keys {
            Value::List(names) => {
                let mut names: Vec<&Value> = names.iter().collect();
                names.sort_by_key(|name| name.to_string());
                lines.extend(names.iter().map(|name| format!("{color}{}{}", shown(name), colors.end)));
            }
            Value::Dict(prints) => {
                let mut prints: Vec<(&Value, &Value)> = prints.iter().collect();
                crate::yaml::sort_keys(&mut prints);
                let line = |(name, print): &(&Value, &Value)| {
                    format!("{color}{}:  {print}{}", shown(name), colors.end)
                };
                lines.extend(prints.iter().map(line));
            }
            Value::Str(_) => {}
            _ => return Err(NotMine),
        }
    }
    Ok(lines.join("\n"))
}
