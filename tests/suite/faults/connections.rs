//! Broken, refused and silent connections.

use super::End::{Started, Status};
use super::setup::{Row, Setup, always, filled, once, row, second_page, without_stub};
use crate::harness::Run;
use ssm_stub::{After, Fault, OnConnect, Stub};
use std::time::Duration;

pub const ROWS: &[Row] = &[
    row(
        "connection refused",
        || without_stub("http://127.0.0.1:1", ""),
        Status(75),
        "Connection refused",
    ),
    row("unknown host name", || without_stub("https://ssm.invalid", ""), Status(75), "ssm.invalid"),
    row(
        "no response to connection attempts",
        || without_stub("https://192.0.2.1", ""),
        Status(75),
        "2s",
    ),
    row(
        "nothing listens on the IPv6 address of a host, and the endpoint on its IPv4 address",
        || {
            let stub = filled(Stub::start());
            let url = format!("http://localhost:{}", stub.port());
            let run = Run::against(&url).args("-p /f");
            Setup { stub: Some(stub), run }
        },
        Started,
        "",
    ),
    row("connection closed without a response, once", || once(Fault::close()), Started, ""),
    row(
        "connection closed without a response, always",
        || always(Fault::close()),
        Status(75),
        "/f/*",
    ),
    row("connection reset before the headers, once", || once(Fault::reset()), Started, ""),
    row(
        "connection reset within the headers, once",
        || once(Fault::half_headers(After::Reset)),
        Started,
        "",
    ),
    row(
        "connection closed within the headers, once",
        || once(Fault::half_headers(After::Close)),
        Started,
        "",
    ),
    row(
        "half a body, then the connection is closed, once",
        || once(Fault::TruncatedBody(After::Close)),
        Started,
        "",
    ),
    row(
        "half a body, then the connection is reset, once",
        || once(Fault::TruncatedBody(After::Reset)),
        Started,
        "",
    ),
    row(
        "half a body on the second page, once",
        || second_page(Fault::TruncatedBody(After::Close)),
        Started,
        "",
    ),
    row(
        "half a body, then the connection is closed, always",
        || always(Fault::TruncatedBody(After::Close)),
        Status(75),
        "attempts … before its response was complete",
    ),
    row(
        "a body longer than its Content-Length, once",
        || once(Fault::WrongLength(-7)),
        Started,
        "",
    ),
    row(
        "a body shorter than its Content-Length, once",
        || once(Fault::WrongLength(7)),
        Started,
        "",
    ),
    row("invalid chunked encoding, once", || once(Fault::chunked_garbage()), Started, ""),
    row("no response, always", || always(Fault::NoResponse), Status(75), "2s"),
    row(
        "headers that stall, always",
        || always(Fault::half_headers(After::Stall)),
        Status(75),
        "2s",
    ),
    row(
        "a body that stalls, always",
        || always(Fault::TruncatedBody(After::Stall)),
        Status(75),
        "2s",
    ),
    row("a late response", || once(Fault::Delay(Duration::from_millis(300))), Started, ""),
    row(
        "connections reset at once, always",
        || {
            let setup = always(Fault::None);
            setup.stub.as_ref().expect("a stub").on_connect(OnConnect::Reset);
            setup
        },
        Status(75),
        "/f/*",
    ),
];
