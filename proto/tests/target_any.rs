//! Targets come from people and from minions' configs: whatever they hold, parsing ends in a target or an error.

use data::{Dict, Value};
use proptest::prelude::*;
use proto::target::glob::Glob;
use proto::target::{Facts, Target, TargetType};

/// Words of compound expressions, whole ones and broken ones.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("and".to_owned()),
        Just("or".to_owned()),
        Just("not".to_owned()),
        Just("(".to_owned()),
        Just(")".to_owned()),
        "[GPIJLNSERX]?[:%]?@?[a-z*?\\[\\]:.|()]{0,8}",
    ]
}

proptest! {
    #[test]
    fn any_text_is_a_target_or_an_error(text in ".{0,60}", kind in 0usize..11) {
        let kinds = ["glob", "pcre", "list", "grain", "grain_pcre", "pillar", "pillar_pcre", "pillar_exact",
                     "ipcidr", "nodegroup", "compound"];
        let kind: TargetType = kinds[kind].parse().unwrap();
        let groups = Dict::new().with("a", "N@b or web*").with("b", text.as_str());
        let data = Value::from(Dict::new().with("a", Dict::new().with("b", vec![text.as_str()])));
        if let Ok(target) = Target::parse(&text.as_str().into(), kind, ":", &groups) {
            target.matches(&Facts { id: &text, grains: &data, pillar: &data });
        }
        let _ = Target::parse(&"a".into(), TargetType::Nodegroup, ":", &groups);
    }

    #[test]
    fn compound_words_in_any_order(words in prop::collection::vec(word(), 0..24)) {
        let groups = Dict::new().with("x", "N@x").with("y", words.clone());
        let tgt = Value::from(words);
        let grains = Value::from(Dict::new().with("os", "Debian"));
        let facts = Facts { id: "web1", grains: &grains, pillar: &Value::None };
        if let Ok(target) = Target::parse(&tgt, TargetType::Compound, ":", &groups) {
            // What goes out to the minions means the same there, where no nodegroups are known.
            let (sent, kind) = proto::target::for_publish(&tgt, TargetType::Compound, &groups).unwrap();
            let theirs = Target::parse(&sent, kind, ":", &Dict::new()).unwrap();
            prop_assert_eq!(target.matches(&facts), theirs.matches(&facts));
        }
    }

    #[test]
    fn a_text_without_special_characters_matches_itself_alone(text in "[a-z0-9.:-]{1,12}", other in "[a-z0-9.:-]{1,12}") {
        let glob = Glob::new(&text);
        prop_assert!(glob.matches(&text));
        prop_assert_eq!(glob.matches(&other), text == other);
        let star = Glob::new(&format!("*{text}*"));
        prop_assert_eq!(star.matches(&other), other.contains(&text));
    }
}
