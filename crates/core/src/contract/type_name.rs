//! The names of the types of values.

crate::choice! {
    /// A type without its limits.
    pub enum TypeName {
        Base64 = "base64",
        Boolean = "boolean",
        Integer = "integer",
        Json = "json",
        Number = "number",
        Pem = "pem",
        Port = "port",
        /// Any text that is not empty.
        Text = "text",
        Url = "url",
        Uuid = "uuid",
    }
}
