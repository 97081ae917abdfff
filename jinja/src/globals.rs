//! What every template can call: Jinja's globals, and those of Salt's that need no host.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::eval::Names;
use crate::methods;
use crate::val::{CallArgs, Key, Map, Object, Val, to_str};
use crate::{Error, ErrorKind, Result};

/// The sandbox's bound on `range()`.
const MAX_RANGE: usize = 100_000;

pub(crate) fn all() -> Names<Val> {
    let mut map = Names::default();
    let mut add = |name: &'static str, f: fn(&mut CallArgs) -> Result<Val>| {
        map.insert(name.into(), Val::named_function(name, f));
    };
    add("range", range);
    add("dict", dict);
    add("odict", dict);
    add("namespace", namespace);
    add("cycler", cycler);
    add("joiner", joiner);
    add("lipsum", lipsum);
    add("raise", raise);
    add("show_full_context", show_full_context);
    map
}

fn range(args: &mut CallArgs) -> Result<Val> {
    if args.args.is_empty() {
        return Err(Error::type_error("range expected at least 1 argument, got 0"));
    }
    if args.args.len() > 3 {
        return Err(Error::type_error(format!(
            "range expected at most 3 arguments, got {}",
            args.args.len()
        )));
    }
    let ints = args.args.iter().map(Val::to_index).collect::<Result<Vec<_>>>()?;
    let (start, stop, step) = match ints[..] {
        [stop] => (0, stop, 1),
        [start, stop] => (start, stop, 1),
        [start, stop, step, ..] => (start, stop, step),
        [] => (0, 0, 1),
    };
    if step == 0 {
        return Err(Error::value_error("range() arg 3 must not be zero"));
    }
    let range = Val::Range(Rc::new([start, stop, step]));
    if range.len()? > MAX_RANGE {
        return Err(Error::new(
            ErrorKind::Overflow,
            format!("Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MAX_RANGE})."),
        ));
    }
    Ok(range)
}

fn dict(args: &mut CallArgs) -> Result<Val> {
    let out = Val::dict(Map::default());
    if args.args.len() > 1 {
        return Err(Error::type_error(format!("dict expected at most 1 argument, got {}", args.args.len())));
    }
    methods::call(&out, "update", args)?;
    Ok(out)
}

struct Namespace(RefCell<Map>);

fn namespace(args: &mut CallArgs) -> Result<Val> {
    let Val::Dict(d) = dict(args)? else { return Ok(Val::None) };
    let map = d.borrow().clone();
    Ok(Val::object(Namespace(RefCell::new(map))))
}

impl Object for Namespace {
    fn type_name(&self) -> &str {
        "Namespace"
    }
    fn type_repr(&self) -> String {
        "jinja2.utils.Namespace object".into()
    }
    fn get_attr(&self, name: &str) -> Result<Option<Val>> {
        Ok(self.0.borrow().get(&Key::str(name)).cloned())
    }
    fn set_attr(&self, name: &str, value: Val) -> Result<()> {
        let _old = self.0.borrow_mut().insert(Key::str(name), value);
        Ok(())
    }
    fn to_string(&self) -> Result<String> {
        let map = self.0.borrow().clone();
        Ok(format!("<Namespace {}>", Val::dict(map).quoted()))
    }
}

struct Cycler {
    items: Vec<Val>,
    at: Cell<usize>,
}

fn cycler(args: &mut CallArgs) -> Result<Val> {
    if args.args.is_empty() {
        return Err(Error::runtime_python("at least one item has to be provided"));
    }
    Ok(Val::object(Cycler { items: std::mem::take(&mut args.args), at: Cell::new(0) }))
}

impl Cycler {
    fn current(&self) -> Val {
        self.items.get(self.at.get()).cloned().unwrap_or_default()
    }
}

impl Object for Cycler {
    fn type_name(&self) -> &str {
        "Cycler"
    }
    fn type_repr(&self) -> String {
        "jinja2.utils.Cycler object".into()
    }
    fn get_attr(&self, name: &str) -> Result<Option<Val>> {
        Ok((name == "current").then(|| self.current()))
    }
    fn call_method(&self, name: &str, args: &mut CallArgs) -> Result<Option<Val>> {
        match name {
            "next" => {
                args.bind::<0>("next", [], 0)?;
                let v = self.current();
                self.at.set((self.at.get() + 1) % self.items.len().max(1));
                Ok(Some(v))
            }
            "reset" => {
                self.at.set(0);
                Ok(Some(Val::None))
            }
            _ => Ok(None),
        }
    }
}

struct Joiner {
    sep: Val,
    used: Cell<bool>,
}

fn joiner(args: &mut CallArgs) -> Result<Val> {
    let sep = args.bind("joiner", ["sep"], 0)?.opt(0).unwrap_or_else(|| Val::from(", "));
    Ok(Val::object(Joiner { sep, used: Cell::new(false) }))
}

impl Object for Joiner {
    fn type_name(&self) -> &str {
        "Joiner"
    }
    fn is_callable(&self) -> bool {
        true
    }
    fn call(&self, _args: &mut CallArgs) -> Result<Val> {
        Ok(if self.used.replace(true) { self.sep.clone() } else { Val::from("") })
    }
}

/// Filler text. Jinja's is random; this one is always the same, so that a state does not change on
/// every run.
fn lipsum(args: &mut CallArgs) -> Result<Val> {
    const WORDS: [&str; 16] = [
        "lorem",
        "ipsum",
        "dolor",
        "sit",
        "amet",
        "consectetuer",
        "adipiscing",
        "elit",
        "sed",
        "posuere",
        "interdum",
        "sem",
        "quisque",
        "ligula",
        "eros",
        "ullamcorper",
    ];
    let mut b = args.bind("generate_lorem_ipsum", ["n", "html", "min", "max"], 0)?;
    let n = b.int(0, 5)?.clamp(0, 1000);
    let html = b.flag(1, true)?;
    let words = b.int(2, 20)?.clamp(1, 1000) as usize;
    let mut out = Vec::new();
    for i in 0..n as usize {
        let text: Vec<&str> = (0..words).map(|w| WORDS[(w + i * 5) % WORDS.len()]).collect();
        let text = methods::capitalize(&text.join(" ")) + ".";
        out.push(if html { format!("<p>{text}</p>") } else { text });
    }
    Ok(Val::from(out.join(if html { "\n" } else { "\n\n" })))
}

/// `raise('…')`
fn raise(args: &mut CallArgs) -> Result<Val> {
    let msg = args.bind("jinja_raise", ["msg"], 1)?.take(0);
    Err(Error::new(ErrorKind::Raised, to_str(&msg)?.into_owned()))
}

/// Everything that the template sees, as far as it is plain data.
fn show_full_context(args: &mut CallArgs) -> Result<Val> {
    let mut map = Map::default();
    for (k, v) in args.context() {
        if !matches!(v, Val::Object(_) | Val::Func(_) | Val::Method(_) | Val::Undefined(_) | Val::Iter(_)) {
            map.insert(Key::str(k), v);
        }
    }
    Ok(Val::dict(map))
}
