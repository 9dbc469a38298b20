//! The report as a configuration file is read back as the same configuration.

mod rendered;

use super::*;
use crate::config::{Delivery, Encoding, KeySource, Layer, parse_file};
use crate::escape;
use crate::inherited::Inherited;
use crate::origin::Origin;
use crate::parameter::{OnMissing, ValueRef};
use crate::variable::VariableName;
use proptest::prelude::*;
use std::time::Duration;

fn read(text: &str) -> Config {
    let layer = parse_file("t.toml".as_ref(), text, &Inherited::default()).expect(text);
    Config::resolve(layer, &Inherited::default()).expect(text)
}

/// What a key means, without the place where it was given.
fn meaning(key: &KeySource) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        key.name.clone(),
        key.param.clone(),
        key.absence.clone(),
        (key.encoding, key.delivery, key.max_age),
    )
}

fn key() -> impl Strategy<Value = KeySource> {
    let on_missing = prop_oneof![
        Just(OnMissing::Fail),
        Just(OnMissing::Omit),
        ".{0,20}".prop_map(OnMissing::Default),
        "[$\\{\\}NAME:\"'\\\\\n\t\u{0}-\u{7f}]{0,12}".prop_map(OnMissing::Default),
    ];
    let param = prop_oneof!["/[a-z.-]{1,5}/[a-z]{1,3}(:[1-9])?", "/a/b#.{1,12}"];
    let param = param.prop_filter_map("a parameter", |text| ValueRef::parse(&text).ok());
    let options = (any::<bool>(), any::<bool>(), proptest::option::of(any::<u32>()));
    ("[A-Za-z_][A-Za-z0-9_.-]{0,8}", param, on_missing, options).prop_map(
        |(name, param, absence, (is_file, is_base64, age))| KeySource {
            name: VariableName::inherited(&name),
            param,
            absence,
            encoding: if is_base64 { Encoding::Base64 } else { Encoding::Plain },
            delivery: if is_file { Delivery::File } else { Delivery::Variable },
            max_age: age.map(|seconds| Duration::from_millis(u64::from(seconds))),
            origin: Origin::Default,
        },
    )
}

/// Rules of every kind, as the file has them.
fn rules() -> impl Strategy<Value = String> {
    let text =
        "[a-z$\\{\\} \n\"|]{1,12}".prop_map(|text| escape::quoted(&text.replace("${", "$${")));
    let kind = prop_oneof![
        Just(String::new()),
        (any::<i32>(), any::<u16>()).prop_map(|(min, more)| format!(
            "type = \"integer\", min = {min}, max = {}, ",
            i64::from(min) + i64::from(more)
        )),
        any::<i32>().prop_map(|max| format!("type = \"number\", max = {max}.5, ")),
        Just("type = \"url\", schemes = [\"https\", \"git+ssh\"], ".to_owned()),
        Just("type = \"pem\", label = \"PRIVATE KEY\", ".to_owned()),
        Just("pattern = '[a-z\\d]{1,3}|\"x\"', ".to_owned()),
        text.clone().prop_map(|text| format!("one_of = [{text}, \"b\"], ")),
    ];
    let options = (any::<bool>(), any::<bool>(), any::<u32>(), text);
    (kind, options).prop_map(|(kind, (secure, optional, age, description))| {
        format!("{kind}secure = {secure}, optional = {optional}, max_age = \"{age}s\", description = {description}, min_length = 1")
    })
}

proptest! {
    #[test]
    fn the_printed_contract_is_read_back_as_it_was(rules in proptest::collection::vec(rules(), 1..4)) {
        let names = ["A", "b.c", "D-e", "F_1"];
        let mut text = String::from("[contract]\n");
        for (name, rules) in names.iter().zip(rules) {
            text += &format!("\"{name}\" = {{ {rules} }}\n");
        }
        let config = read(&text);
        let printed = Report::default().render(ReportFormat::Toml, &config, Terminal::default());
        let again = read(&printed);
        let meaning = |config: &Config| {
            let rules = config.contract.rules.clone().into_iter();
            rules.map(|(name, rule)| (name, crate::contract::Rule { origin: Origin::Default, ..rule })).collect::<Vec<_>>()
        };
        prop_assert_eq!(meaning(&again), meaning(&config), "{}", printed);
    }

    #[test]
    fn the_printed_keys_are_read_back_as_they_were(keys in proptest::collection::vec(key(), 0..6)) {
        let mut keys = keys;
        keys.sort_by(|a, b| (a.delivery as u8, &a.name).cmp(&(b.delivery as u8, &b.name)));
        let mut names = std::collections::HashSet::new();
        keys.retain(|key| names.insert(key.name.clone()));
        let mut config = Config::resolve(Layer::default(), &Inherited::default()).expect("a configuration");
        config.sources.keys = keys;
        let text = Report::default().render(ReportFormat::Toml, &config, Terminal::default());
        let again = read(&text);
        let meanings = |config: &Config| config.sources.keys.iter().map(meaning).collect::<Vec<_>>();
        prop_assert_eq!(meanings(&again), meanings(&config), "{}", text);
    }
}
