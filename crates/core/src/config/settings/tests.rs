//! The table's own rules.

use super::*;
use std::collections::BTreeSet;

fn assert_unique<'a>(what: &str, all: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for one in all {
        assert!(seen.insert(one), "{what} {one} is in two rows");
    }
}

#[test]
fn flags_variables_and_keys_are_unique() {
    let flags = SETTINGS.iter().flat_map(|row| [row.flag, row.negation]);
    assert_unique("flag", flags.flatten());
    assert_unique("variable", SETTINGS.iter().flat_map(|row| row.variables).copied());
    assert_unique("key", SETTINGS.iter().filter_map(|row| row.key));
}

#[test]
fn every_setting_can_be_given_and_has_help() {
    for row in SETTINGS {
        let given = row.flag.is_some() || !row.variables.is_empty() || row.key.is_some();
        assert!(given, "{}", row.field);
        assert!(!row.help.is_empty() && !row.help.ends_with('.'), "{}", row.field);
        assert_eq!(
            row.takes_value() || row.flag.is_none(),
            !row.value_name.is_empty() || row.flag.is_none(),
            "{}",
            row.field
        );
    }
}

#[test]
fn every_switch_of_all_commands_can_be_negated() {
    for row in SETTINGS.iter().filter(|row| row.kind == Kind::Switch) {
        let exempt = row.field == "no_config" || row.taken_by.is_some() || row.flag.is_none();
        assert_eq!(row.negation.is_none(), exempt, "{}", row.field);
    }
}

#[test]
fn a_stronger_layer_replaces_lists_and_a_stage_merges_tables() {
    let keys = |text: &str| {
        let mut layer = Layer::default();
        let row = SETTINGS.iter().find(|row| row.flag == Some("--key")).expect("a row");
        for word in text.split(' ') {
            layer.add_option(row, word, &crate::origin::Origin::Default);
        }
        layer
    };
    let shown = |layer: Layer| {
        let keys = layer.keys.unwrap_or_default();
        let texts = keys.into_iter().map(|key| {
            format!(
                "{}={}",
                key.value.name.as_deref().unwrap_or_default(),
                key.value.param().unwrap_or_default()
            )
        });
        texts.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown(keys("A=/1").over(keys("A=/2 B=/3"))), "A=/1");
    assert_eq!(shown(keys("A=/1").merged_over(keys("A=/2 B=/3"))), "A=/1 B=/3");
    assert_eq!(shown(Layer::default().merged_over(keys("A=/2"))), "A=/2");
}
