//! The names of the types of values.

crate::choice! {
    /// A type without its limits.
    pub enum TypeName {
        /// Base64.
        Base64 = "base64",
        /// A truth value.
        Boolean = "boolean",
        /// A whole number.
        Integer = "integer",
        /// A JSON document.
        Json = "json",
        /// A decimal number.
        Number = "number",
        /// PEM blocks.
        Pem = "pem",
        /// A port number.
        Port = "port",
        /// Any text that is not empty.
        Text = "text",
        /// A URL.
        Url = "url",
        /// A UUID.
        Uuid = "uuid",
    }
}
