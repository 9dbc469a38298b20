//! Responses of SSM that are invalid, large or without an end.

use super::End::{Started, Status};
use super::setup::{
    Row, Setup, always, by_keys, by_prefix, filled, once, permanent, row, second_page,
};
use ssm_stub::{Corruption, Fault, Stub};
use std::time::Duration;

fn keys(fault: impl Into<Fault>) -> Setup {
    let stub = filled(Stub::start());
    stub.fault(fault);
    by_keys(stub)
}

fn corrupted(corruption: Corruption) -> Setup {
    once(Fault::Corrupted(corruption))
}

fn corrupted_keys(corruption: Corruption) -> Setup {
    keys(Fault::Corrupted(corruption))
}

pub const ROWS: &[Row] = &[
    row(
        "a parameter without a value",
        || corrupted(Corruption::NoValue),
        Status(65),
        "without a value",
    ),
    row(
        "a parameter that is not below the prefix",
        || corrupted(Corruption::Unrequested),
        Status(75),
        "/unrequested/parameter",
    ),
    row(
        "a parameter that was not requested, with keys",
        || corrupted_keys(Corruption::Unrequested),
        Status(75),
        "/unrequested/parameter",
    ),
    row(
        "a key that is neither returned nor invalid",
        || corrupted_keys(Corruption::Omitted),
        Status(75),
        "/f/k0",
    ),
    row("every key is invalid", || corrupted_keys(Corruption::AllInvalid), Status(66), "/f/k"),
    row(
        "a page token that repeats",
        || permanent(Fault::Corrupted(Corruption::Token("again".to_owned()))),
        Status(75),
        "token",
    ),
    row(
        "an expired page token, once",
        || second_page(Fault::client("InvalidNextToken", "x")),
        Started,
        "",
    ),
    row(
        "1,000 empty pages",
        || by_prefix(filled(Stub::builder().empty_pages(500).start())),
        Started,
        "",
    ),
    row(
        "a page of 1,000 parameters",
        || {
            let parameter = |n| {
                format!(
                    r#"{{"Name":"/f/k{n}","Type":"SecureString","Value":"canary-{n}","Version":1}}"#
                )
            };
            let all: Vec<String> = (0..1_000).map(parameter).collect();
            let body = format!(r#"{{"Parameters":[{}]}}"#, all.join(","));
            once(Fault::Response(200, "application/x-amz-json-1.1", body.into()))
        },
        Started,
        "",
    ),
    row(
        "endless pages",
        || permanent(Corruption::EndlessPages(100)),
        Status(78),
        "10000 … --max-parameters",
    ),
    row("a body of 1 GiB", || permanent(Fault::LargeBody(1 << 30)), Status(75), "2097152"),
    row("a body without an end", || permanent(Fault::EndlessBody), Status(75), "2097152"),
    row(
        "a body without an end, sent slowly",
        || always(Fault::SlowBody(Duration::from_millis(10))),
        Status(75),
        "2s",
    ),
    row(
        "pages of two parameters",
        || by_prefix(filled(Stub::builder().page_size(2).start())),
        Started,
        "",
    ),
];
