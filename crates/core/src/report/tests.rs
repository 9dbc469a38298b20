//! The report as a configuration file is read back as the same configuration.

use super::*;
use crate::config::{Delivery, Encoding, KeySource, Layer, parse_file};
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
    let options = (
        any::<bool>(),
        any::<bool>(),
        proptest::option::of(any::<u32>()),
    );
    ("[A-Za-z_][A-Za-z0-9_.-]{0,8}", param, on_missing, options).prop_map(
        |(name, param, absence, (is_file, is_base64, age))| KeySource {
            name: VariableName::inherited(&name),
            param,
            absence,
            encoding: if is_base64 {
                Encoding::Base64
            } else {
                Encoding::Plain
            },
            delivery: if is_file {
                Delivery::File
            } else {
                Delivery::Variable
            },
            max_age: age.map(|seconds| Duration::from_millis(u64::from(seconds))),
            origin: Origin::Default,
        },
    )
}

proptest! {
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
