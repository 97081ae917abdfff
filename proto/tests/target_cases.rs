//! Every target form against a table of cases whose answers real Salt gave (`tests/targets/record.py`).

use data::{Dict, Value};
use proto::target::{Facts, Target, TargetType};

#[test]
fn targets_match_as_in_salt() {
    let text = include_str!("targets/cases.yaml");
    let table = data::yaml::load(text).unwrap();
    let table = table.as_dict().unwrap();
    let empty = Value::from(Dict::new());
    let minions = table.get("minions").and_then(Value::as_dict).unwrap();
    let nodegroups = table.get("nodegroups").and_then(Value::as_dict).unwrap();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for case in table.get("cases").and_then(Value::as_list).unwrap() {
        let kind: TargetType = case.get("type").unwrap().to_string().parse().unwrap();
        let tgt = case.get("tgt").unwrap();
        let delimiter = case.get("delimiter").map_or(":".to_owned(), Value::to_string);
        let expected: Vec<String> =
            case.get("match").unwrap().as_list().unwrap().iter().map(Value::to_string).collect();
        let target = Target::parse(tgt, kind, &delimiter, nodegroups);
        let mut got: Vec<String> = Vec::new();
        for (id, minion) in minions {
            let id = id.to_string();
            let facts = Facts {
                id: &id,
                grains: minion.get("grains").unwrap_or(&empty),
                pillar: minion.get("pillar").unwrap_or(&empty),
            };
            if target.as_ref().is_ok_and(|t| t.matches(&facts)) {
                got.push(id);
            }
        }
        seen += 1;
        if got != expected {
            wrong.push(format!("{kind} {tgt:?}: Salt {expected:?}, here {got:?} ({:?})", target.err()));
        }
    }
    assert!(seen > 100, "only {seen} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
