//! A site's module in Rust: counts words. Build it statically for containers, and put the binary into `_modules`.

use std::collections::BTreeMap;
use std::io::Read;

use serde_json::{Value, json};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let answer = match arguments.next().as_deref() {
        Some("--describe") => json!({"functions": {"count": {
            "signature": "text, least=1",
            "doc": "Count the words of a text that come at least so often.\n\nCLI Example: `rsalt '*' words.count 'a b a'`",
        }}}),
        Some("count") => match request().and_then(|request| count(&request["kwargs"])) {
            Ok(counted) => json!({ "return": counted }),
            Err(error) => json!({"error": error, "exception": "SaltInvocationError"}),
        },
        _ => json!({"error": "there is no such function"}),
    };
    println!("{answer}");
}

fn request() -> Result<Value, String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|e| format!("no request: {e}"))?;
    serde_json::from_str(&text).map_err(|e| format!("the request is no JSON: {e}"))
}

fn count(arguments: &Value) -> Result<BTreeMap<String, u64>, String> {
    let text = arguments["text"].as_str().ok_or("text is to be a text")?;
    let least = arguments["least"].as_u64().unwrap_or(1);
    let mut counted = BTreeMap::new();
    for word in text.split_whitespace() {
        *counted.entry(word.to_owned()).or_default() += 1;
    }
    counted.retain(|_, times| *times >= least);
    Ok(counted)
}
