//! Errors of the request.

use super::End::Status;
use super::setup::{Row, client, permanent, row};
use ssm_stub::Fault;

pub const ROWS: &[Row] = &[
    row(
        "ValidationException",
        || client("ValidationException", "x"),
        Status(78),
        "ValidationException",
    ),
    row(
        "ParameterNotFound without a text",
        || permanent(Fault::Error(ssm_stub::ApiError::bare("ParameterNotFound"))),
        Status(66),
        "ParameterNotFound",
    ),
    row(
        "ParameterVersionNotFound",
        || client("ParameterVersionNotFound", "could not find version 2"),
        Status(66),
        "could not find version 2",
    ),
    row(
        "UnknownOperationException",
        || client("UnknownOperationException", ""),
        Status(78),
        "UnknownOperationException",
    ),
];
