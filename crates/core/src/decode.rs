//! Decoding of Base64.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Padding is optional, as tools differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes Base64. White space is ignored, since tools wrap lines.
pub(crate) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut bare = Zeroizing::new(text.to_vec());
    bare.retain(|byte| !byte.is_ascii_whitespace());
    BASE64.decode(&*bare).ok()
}
