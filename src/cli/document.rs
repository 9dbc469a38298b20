//! What `completions` prints.

ssm_exec_core::choice! {
    /// A script, or a description of the interface.
    pub(super) enum Document {
        /// Completions for bash.
        Bash = "bash",
        /// Completions for zsh.
        Zsh = "zsh",
        /// Completions for fish.
        Fish = "fish",
        /// The man page.
        Man = "man",
        /// The JSON Schema of ssm-exec.toml.
        Schema = "schema",
    }
}
