//! Names of variables, made and given.

use super::*;
use proptest::prelude::*;

#[test]
fn names_are_made_of_paths() {
    let upper = Naming::default();
    let keep = Naming {
        case: Case::Keep,
        prefix: "App_".to_owned(),
        ..Naming::default()
    };
    for (path, in_upper, kept) in [
        ("db/pool-size", "DB_POOL_SIZE", "App_db_pool_size"),
        ("a.b/ä", "A_B__", "App_a_b__"),
        ("Mixed", "MIXED", "App_Mixed"),
    ] {
        assert_eq!(upper.name(path).expect(path).as_str(), in_upper);
        assert_eq!(keep.name(path).expect(path).as_str(), kept);
    }
    assert_eq!(upper.name("1st/key"), Err("1ST_KEY".to_owned()));
    assert!(
        Naming {
            prefix: "K".to_owned(),
            ..Naming::default()
        }
        .name("1")
        .is_ok()
    );
}

#[test]
fn filters_let_through_what_is_wanted_and_not_excluded() {
    let glob = |text| Glob::parse(text).expect(text);
    let naming = Naming {
        only: vec![glob("DB_*"), glob("URL")],
        exclude: vec![glob("*_PASSWORD")],
        ..Naming::default()
    };
    let admits = |name| naming.admits(&VariableName::inherited(name));
    assert!(admits("DB_USER") && admits("URL"));
    assert!(!admits("DB_PASSWORD") && !admits("URLS") && !admits("OTHER"));
    assert!(glob("{A,B}[0-9]?").matches("B7x"));
    for text in ["", "a/b", "[a", "{a"] {
        assert!(Glob::parse(text).is_err(), "{text}");
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
