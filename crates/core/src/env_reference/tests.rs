//! References: forms, options, and which variables are looked at.

use super::*;

#[test]
fn options_follow_a_question_mark() {
    let absence = |text| parse(text).map(|(_, absence)| absence);
    assert_eq!(absence("/a/b#c"), Ok(OnMissing::Fail));
    assert_eq!(absence("/a/b?optional"), Ok(OnMissing::Omit));
    assert_eq!(
        absence("/a/b?default="),
        Ok(OnMissing::Default(String::new()))
    );
    assert_eq!(
        absence("/a/b?default=x?y=&z"),
        Ok(OnMissing::Default("x?y=&z".to_owned()))
    );
    let error = parse("/a/b?defualt=hunter2").expect_err("an unknown option");
    assert!(!error.to_string().contains("hunter2"));
}

#[test]
fn only_values_that_begin_with_the_scheme_are_references() {
    let inherited = Inherited::new(vec![
        c"A=ssm:///a/b",
        c"B=see ssm:///a/b",
        c"SSM_EXEC_KEY=ssm:///a/b",
        c"DROPPED=ssm:///a/b",
        c"no-equals-sign",
    ]);
    let found = find_references(&inherited, |name| name != b"DROPPED").expect("valid references");
    assert_eq!(
        found
            .iter()
            .map(|reference| reference.name.as_str())
            .collect::<Vec<_>>(),
        ["A"]
    );
}

#[test]
fn what_is_almost_a_reference_is_refused_and_its_text_is_not_shown() {
    for entry in [
        c"A=SSM:///canary",
        c"A=ssm:/canary",
        c"A=\"ssm:///canary\"",
        c"A= ssm:///canary",
        c"A='\tssm:///canary",
    ] {
        let inherited = Inherited::new(vec![entry]);
        let error = find_references(&inherited, |_| true).expect_err("almost a reference");
        assert!(matches!(&error, ConfigError::NearReference { variable } if variable == "A"));
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}
