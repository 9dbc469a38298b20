//! References: forms, options, and which variables are looked at.

use super::*;

#[test]
fn options_follow_a_question_mark() {
    let absence = |text| parse(text).map(|(_, absence)| absence);
    assert_eq!(absence("/a/b#c"), Ok(OnMissing::Fail));
    assert_eq!(absence("/a/b?optional"), Ok(OnMissing::Omit));
    assert_eq!(absence("/a/b?default="), Ok(OnMissing::Default(String::new())));
    assert_eq!(absence("/a/b?default=x?y=&z"), Ok(OnMissing::Default("x?y=&z".to_owned())));
    for text in ["/a/b?default=x#canary", "/a/b?optional#canary", "/a/b#c?default=canary#d"] {
        let error = parse(text).expect_err("a field after the option").to_string();
        assert!(error.contains("write `ssm:///a/b#FIELD?default=TEXT`"), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
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
    assert_eq!(found.iter().map(|reference| reference.name.as_str()).collect::<Vec<_>>(), ["A"]);
}

#[test]
fn what_is_almost_a_reference_is_refused_and_its_text_is_not_shown() {
    for entry in [
        c"A=SSM:///canary",
        c"A=ssm:/canary",
        c"A=\"ssm:///canary\"",
        c"A= ssm:///canary",
        c"A='\tssm:///canary",
        c"A=ssm//canary",
        c"A=ssm:org/canary",
    ] {
        let inherited = Inherited::new(vec![entry]);
        let error = find_references(&inherited, |_| true).expect_err("almost a reference");
        assert_eq!(error.subject.variables, ["A"]);
        assert!(!error.to_string().contains("canary"), "{error}");
    }
}

#[test]
fn other_values_are_left_alone_and_a_reference_is_text() {
    let find = |entry: &std::ffi::CStr| find_references(&Inherited::new(vec![entry]), |_| true);
    for entry in [c"A=ssm", c"A=ssm:a", c"A=x ssm:///a", c"A=", c"A=ssm: a/b", c"A=ssm/a"] {
        assert!(find(entry).is_ok_and(|found| found.is_empty()), "{entry:?}");
    }
    let error = find(c"A=ssm:///a\xff").expect_err("not UTF-8");
    assert!(error.to_string().contains("is not UTF-8"), "{error}");
}
