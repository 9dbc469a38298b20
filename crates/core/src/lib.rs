//! The rules of `ssm-exec`: what a configuration means, which requests it takes, and which environment
//! is made from the answers. Pure: no I/O, no AWS type, no system call. The library exists for the
//! binary and its tests; its interface is not stable.

#![forbid(unsafe_code)]

pub mod arn;
pub mod aws_context;
pub mod code;
pub mod config;
pub mod contents;
pub mod contract;
mod decode;
pub mod diagnostic;
pub mod endpoint;
pub mod env_reference;
pub mod environment;
pub mod escape;
pub mod fetched;
pub mod fingerprint;
pub mod inherited;
pub mod json;
pub mod kms_key;
pub mod origin;
pub mod parameter;
mod placeholder;
pub mod plan;
pub mod policy;
pub mod reason;
pub mod region;
pub mod report;
pub mod request;
pub mod revision;
pub mod secret;
pub mod shared_config;
pub mod status;
pub mod template;
mod toml_text;
pub mod variable;
pub mod words;
