//! Enums with a word for each variant.

/// Defines an enum whose variants are words of a setting or a report, with their list and their parser.
#[macro_export]
macro_rules! choice {
    ($(#[$meta:meta])* $visibility:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        $visibility enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// The words, in the order of the help.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// Reads a word.
            ///
            /// # Errors
            /// For any other word.
            pub fn parse(text: &str) -> Result<Self, $crate::diagnostic::Diagnostic> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::words::unknown_word(text, Self::WORDS)),
                }
            }

            /// The variant's word.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }
    };
}
