//! Responses that aren't from SSM: gateways, proxies, captive portals.

use super::End::{Started, Status};
use super::setup::{Row, always, once, permanent, row};
use ssm_stub::Fault;

pub const ROWS: &[Row] = &[
    row("500 without a code, once", || once(Fault::status(500)), Started, ""),
    row("502 from a gateway, once", || once(Fault::status(502)), Started, ""),
    row("503 from a gateway, once", || once(Fault::status(503)), Started, ""),
    row("504 from a gateway, once", || once(Fault::status(504)), Started, ""),
    row("500 without a code, always", || always(Fault::status(500)), Status(75), "HTTP 500"),
    row(
        "502 from a gateway, always",
        || always(Fault::status(502)),
        Status(75),
        "HTTP 502 from AWS or something in between … proxy",
    ),
    row("503 from a gateway, always", || always(Fault::status(503)), Status(75), "HTTP 503"),
    row("504 from a gateway, always", || always(Fault::status(504)), Status(75), "HTTP 504"),
    row(
        "403 from a proxy or a firewall",
        || permanent(Fault::status(403)),
        Status(78),
        "HTTP 403 from something that is not AWS … proxy",
    ),
    row(
        "404 of another web server",
        || permanent(Fault::status(404)),
        Status(78),
        "HTTP 404 from something that is not AWS",
    ),
    row(
        "401 with JSON",
        || permanent(Fault::Response(401, "application/json", b"{}".to_vec())),
        Status(78),
        "HTTP 401 from something that is not AWS",
    ),
    row("408 from a gateway, once", || once(Fault::status(408)), Started, ""),
    row("InternalServerError, once", || once(Fault::internal()), Started, ""),
    row(
        "InternalServerError, always",
        || always(Fault::internal()),
        Status(75),
        "InternalServerError",
    ),
    row("HTML with status 200, once", || once(Fault::html()), Started, ""),
    row(
        "HTML with status 200, always",
        || always(Fault::html()),
        Status(75),
        "HTTP 200, and not what Parameter Store sends",
    ),
    row("an empty body with status 200, always", || always(Fault::empty()), Status(75), "/f/*"),
    row(
        "JSON without the list of parameters",
        || permanent(Fault::json("{}")),
        Status(75),
        "no list of parameters",
    ),
    row(
        "a last-modified date beyond the year 9999",
        || {
            always(Fault::json(
                r#"{"Parameters":[{"Name":"/f/k0","Value":"canary-0","LastModifiedDate":253402300800}]}"#,
            ))
        },
        Status(75),
        "the last-modified date of /f/k0 is out of range",
    ),
    row(
        "a list of numbers instead of parameters",
        || always(Fault::json(r#"{"Parameters":[1]}"#)),
        Status(75),
        "HTTP 200, and not what Parameter Store sends",
    ),
    row(
        "Content-Encoding: gzip on an uncompressed body, once",
        || once(Fault::gzip()),
        Started,
        "",
    ),
];
