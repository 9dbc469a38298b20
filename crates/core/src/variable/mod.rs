//! Names of environment variables: which are valid, how they are made from a parameter's path, and
//! patterns over them. Pure; knows nothing of values.

mod glob;
mod name;
mod naming;

pub use glob::Glob;
pub use name::VariableName;
pub use naming::{Case, Naming};

#[cfg(test)]
mod tests;
