//! Variants of responses: reports of what the service sends disagree, so clients must accept both.

/// A difference from the default responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Errors have the header `x-amzn-ErrorType` too.
    ErrorTypeHeader,
    /// The member of an error's message is `Message`, as in the API's model. The default is `message`,
    /// as observed.
    CapitalMessage,
    /// Parameters selected by a label filter have a `Selector`.
    LabelSelector,
}

impl Variant {
    /// All variants.
    pub const ALL: [Self; 3] = [Self::ErrorTypeHeader, Self::CapitalMessage, Self::LabelSelector];
}
