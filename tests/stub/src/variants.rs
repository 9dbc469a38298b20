//! Answers of the service for which there is no trustworthy evidence: a program has to
//! live with either, so a test can choose. The first of each is the default.

/// The same parameter asked for twice in one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Duplicates {
    /// Answered once.
    #[default]
    Once,
    /// Answered as often as asked.
    Twice,
    /// Failed as a `ValidationException`.
    Reject,
}

/// `GetParameter` of a label that no version has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MissingLabel {
    /// `ParameterNotFound`, without a text.
    #[default]
    NotFound,
    /// `ParameterVersionNotFound`.
    VersionNotFound,
}

/// A malformed name among those of `GetParameters`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MalformedName {
    /// Fails the call with a `ValidationException`.
    #[default]
    Failed,
    /// Is listed in `InvalidParameters`.
    Invalid,
}

/// Whether `GetParametersByPath` with a label filter answers with a `Selector`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LabelSelector {
    /// It doesn't.
    #[default]
    Absent,
    /// It does.
    Shown,
}

/// Whether errors have the header `x-amzn-ErrorType` too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorTypeHeader {
    /// They don't.
    #[default]
    Absent,
    /// They do.
    Sent,
}

/// How an error's text is called: the API's model and what was seen on the wire disagree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MessageCase {
    /// `message`, as seen on the wire.
    #[default]
    Lower,
    /// `Message`.
    Upper,
}

/// All of them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Variants {
    pub(crate) duplicates: Duplicates,
    pub(crate) missing_label: MissingLabel,
    pub(crate) malformed_name: MalformedName,
    pub(crate) label_selector: LabelSelector,
    pub(crate) error_type: ErrorTypeHeader,
    pub(crate) message_case: MessageCase,
}
