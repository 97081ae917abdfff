//! Templates that templates name: files of the environment.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use jinja::Val;

use crate::RenderEnv;

/// Where the template that is being rendered is, as `tpldir` tells. Salt keeps this once per render, and
/// each template that is loaded moves it, so relative names start where the last one was.
#[derive(Debug, Default)]
pub(super) struct Position(RefCell<State>);

#[derive(Clone, Debug, Default)]
pub(super) struct State {
    dir: String,
    file: String,
    /// Relative names stand for one file throughout a render.
    known: HashMap<String, Option<String>>,
}

impl Position {
    /// Starts a render in a folder; the state to go back to comes back.
    pub(super) fn enter(&self, dir: &str) -> State {
        let state = State { dir: dir.to_owned(), ..State::default() };
        self.0.replace(state)
    }

    pub(super) fn leave(&self, before: State) {
        self.0.replace(before);
    }

    fn join(&self, name: &str) -> Option<String> {
        let mut state = self.0.borrow_mut();
        if let Some(known) = state.known.get(name) {
            return known.clone();
        }
        let relative = matches!(name.split('/').next(), Some("." | ".."));
        let joined =
            if relative { normalise(&format!("{}/{name}", state.dir)) } else { Some(name.to_owned()) };
        if let Some(joined) = &joined {
            if relative {
                state.file = name.to_owned();
            } else {
                state.dir = joined.rsplit_once('/').map_or(".", |(dir, _)| dir).to_owned();
                state.file = joined.clone();
            }
        }
        state.known.insert(name.to_owned(), joined.clone());
        joined
    }
}

/// The path without `.` and `..`; none when it climbs out of the root.
fn normalise(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

pub(super) struct FileLoader {
    env: Rc<dyn RenderEnv>,
    saltenv: String,
    position: Rc<Position>,
}

impl FileLoader {
    pub(super) fn new(env: Rc<dyn RenderEnv>, saltenv: &str, position: Rc<Position>) -> Self {
        FileLoader { env, saltenv: saltenv.to_owned(), position }
    }
}

impl jinja::Loader for FileLoader {
    fn load(&self, name: &str, _parent: Option<&str>) -> Result<Option<Arc<str>>, String> {
        let Some(content) = self.env.fetch(name, &self.saltenv).map_err(|e| e.to_string())? else {
            return Ok(None);
        };
        match std::str::from_utf8(&content) {
            Ok(text) => Ok(Some(text.into())),
            Err(e) => Err(super::RenderError::not_utf8(&content, e).to_string()),
        }
    }

    fn join(&self, name: &str, _parent: Option<&str>) -> Option<String> {
        self.position.join(name)
    }

    fn globals(&self, _name: &str) -> Vec<(String, Val)> {
        let state = self.position.0.borrow();
        let dot = if state.dir == "." { String::new() } else { state.dir.replace('/', ".") };
        vec![
            ("tplfile".to_owned(), Val::from(state.file.as_str())),
            ("tpldir".to_owned(), Val::from(state.dir.as_str())),
            ("tpldot".to_owned(), Val::from(dot)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_names_start_where_the_last_template_was() {
        let position = Position::default();
        let before = position.enter("f/sub");
        assert_eq!(position.join("../map.jinja").as_deref(), Some("f/map.jinja"));
        assert_eq!(position.join("./x.jinja").as_deref(), Some("f/sub/x.jinja"));
        assert_eq!(position.join("g/lib.jinja").as_deref(), Some("g/lib.jinja"));
        assert_eq!(position.join("./y.jinja").as_deref(), Some("g/y.jinja"));
        assert_eq!(position.join("./x.jinja").as_deref(), Some("f/sub/x.jinja"));
        assert_eq!(position.join("../../z"), None);
        position.leave(before);
    }
}
