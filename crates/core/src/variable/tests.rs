//! Names of variables, made and given.

use super::*;
use crate::origin::{Given, Origin};
use proptest::prelude::*;

#[test]
fn names_are_made_of_paths() {
    let upper = Naming::default();
    let keep = Naming { case: Case::Keep, prefix: "App_".to_owned(), ..Naming::default() };
    for (path, in_upper, kept) in [
        ("db/pool-size", "DB_POOL_SIZE", "App_db_pool_size"),
        ("a.b/ä", "A_B__", "App_a_b__"),
        ("Mixed", "MIXED", "App_Mixed"),
    ] {
        assert_eq!(upper.name(path).expect(path).as_str(), in_upper);
        assert_eq!(keep.name(path).expect(path).as_str(), kept);
    }
    assert_eq!(upper.name("1st/key"), Err("1ST_KEY".to_owned()));
    assert!(Naming { prefix: "K".to_owned(), ..Naming::default() }.name("1").is_ok());
}

#[test]
fn filters_let_through_what_is_wanted_and_not_excluded() {
    let glob = |text| Glob::parse(text).expect(text);
    let given = |text| Given::new(glob(text), Origin::Default);
    let naming = Naming {
        only: vec![given("DB_*"), given("URL")],
        exclude: vec![given("*_PASSWORD")],
        ..Naming::default()
    };
    let admits = |name| naming.admits(&VariableName::inherited(name));
    assert!(admits("DB_USER") && admits("URL"));
    assert!(!admits("DB_PASSWORD") && !admits("URLS") && !admits("OTHER"));
    assert!(glob("{A,B}[0-9]?").matches("B7x"));
    assert_eq!(glob("DB_*").as_str(), "DB_*");
    for text in ["", "a/b", "[a", "{a"] {
        assert!(Glob::parse(text).is_err(), "{text}");
    }
}

#[test]
fn filters_match_names_with_and_without_their_prefix() {
    let given = |text| Given::new(Glob::parse(text).expect(text), Origin::Default);
    for (only, exclude) in [("KEY", "SECRET"), ("APP_KEY", "APP_SECRET")] {
        let naming = Naming {
            prefix: "APP_".to_owned(),
            only: vec![given(only), given("SECRET")],
            exclude: vec![given(exclude)],
            ..Naming::default()
        };
        let admits = |name| naming.admits(&VariableName::inherited(name));
        assert!(admits("APP_KEY") && !admits("APP_SECRET") && !admits("APP_OTHER"));
    }
}

#[test]
fn a_name_prefix_consists_of_what_names_consist_of() {
    for text in ["APP_", "a", "_", ""] {
        assert_eq!(Naming::parse_prefix(text), Ok(text.to_owned()));
    }
    for text in ["APP-", "APP.", "1", "a b", "ä", "A="] {
        assert!(Naming::parse_prefix(text).is_err(), "{text}");
    }
    let error = Naming::parse_prefix("APP-").expect_err("a hyphen");
    assert_eq!(
        error.to_string(),
        "`APP-` contains '-', which no name made from a path has\n  help: Use letters, digits and `_`, as in `APP_`"
    );
}

#[test]
fn given_names_are_read_or_refused_with_the_reason() {
    for text in ["A", "_a", "a.b-c", "A1"] {
        assert_eq!(VariableName::parse(text).expect(text).to_string(), text);
    }
    for (text, reason) in [
        ("", "the name of a variable is empty"),
        ("/a", "`/a` is a parameter, not the name of a variable"),
        ("1A", "`1A` does not begin with a letter or `_`"),
        ("A B", "`A B` contains ' ', which no variable's name should have"),
        ("-a", "`-a` does not begin with a letter or `_`"),
        (".a", "`.a` does not begin with a letter or `_`"),
    ] {
        assert_eq!(VariableName::parse(text).expect_err(text).message, reason);
    }
}

proptest! {
    #[test]
    fn a_made_name_is_one_that_a_person_could_give(path in "\\PC{1,20}") {
        if let Ok(name) = Naming::default().name(&path) {
            prop_assert!(VariableName::parse(name.as_str()).is_ok(), "{}", name);
        }
    }
}
