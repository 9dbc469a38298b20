//! What processes of the watcher tell each other. Nothing here is a value.

use ssm_exec_core::digest::DIGEST;

/// What the command has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivered {
    /// The keyed digest of its environment.
    pub(crate) digest: [u8; DIGEST],
    /// The revisions of its parameters, as bytes.
    pub(crate) revisions: Vec<u8>,
}

impl Delivered {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        [&self.digest[..], &self.revisions].concat()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (digest, revisions) = bytes.split_first_chunk()?;
        Some(Self {
            digest: *digest,
            revisions: revisions.to_vec(),
        })
    }
}

/// The result of a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Poll {
    /// The revisions are those that were delivered.
    Unchanged,
    /// These are others.
    Changed(Vec<u8>),
    /// It could not be found out.
    Failed,
}

/// The result of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rehearsal {
    /// The command would get the values that it has.
    Same(Delivered),
    /// It would get others. The text says which parameters changed.
    Changed(Delivered, String),
    /// Parameters have changed since the last poll.
    Moved,
    /// The command would not start.
    Broken,
    /// It could not be found out.
    Failed,
}

impl Poll {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Unchanged => vec![b'u'],
            Self::Changed(revisions) => [b"c", &revisions[..]].concat(),
            Self::Failed => vec![b'f'],
        }
    }

    /// A process that ended early has failed.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        match bytes.split_first() {
            Some((b'u', _)) => Self::Unchanged,
            Some((b'c', revisions)) => Self::Changed(revisions.to_vec()),
            _ => Self::Failed,
        }
    }
}

impl Rehearsal {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Same(delivered) => [b"s", &delivered.to_bytes()[..]].concat(),
            Self::Changed(delivered, names) => {
                let length = u32::try_from(names.len()).unwrap_or_default();
                let text = &names.as_bytes()[..length as usize];
                let length = length.to_le_bytes();
                [b"c", &length[..], text, &delivered.to_bytes()].concat()
            }
            Self::Moved => vec![b'm'],
            Self::Broken => vec![b'b'],
            Self::Failed => vec![b'f'],
        }
    }

    /// A process that ended early has failed.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        match bytes.split_first() {
            Some((b's', rest)) => Delivered::from_bytes(rest).map_or(Self::Failed, Self::Same),
            Some((b'c', rest)) => changed(rest).unwrap_or(Self::Failed),
            Some((b'm', _)) => Self::Moved,
            Some((b'b', _)) => Self::Broken,
            _ => Self::Failed,
        }
    }
}

fn changed(bytes: &[u8]) -> Option<Rehearsal> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (names, delivered) = rest.split_at_checked(length)?;
    let names = String::from_utf8_lossy(names).into_owned();
    Some(Rehearsal::Changed(Delivered::from_bytes(delivered)?, names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_survive_the_way_to_another_process() {
        let delivered = Delivered {
            digest: [7; DIGEST],
            revisions: b"[]".to_vec(),
        };
        for poll in [Poll::Unchanged, Poll::Changed(b"x".to_vec()), Poll::Failed] {
            assert_eq!(Poll::from_bytes(&poll.to_bytes()), poll);
        }
        for rehearsal in [
            Rehearsal::Same(delivered.clone()),
            Rehearsal::Changed(delivered, "/a 1 -> 2".to_owned()),
            Rehearsal::Moved,
            Rehearsal::Broken,
            Rehearsal::Failed,
        ] {
            let bytes = rehearsal.to_bytes();
            assert_eq!(Rehearsal::from_bytes(&bytes), rehearsal);
        }
    }

    #[test]
    fn a_result_that_is_cut_off_is_a_failure() {
        assert_eq!(Poll::from_bytes(b""), Poll::Failed);
        for bytes in [&b""[..], b"s", b"c\x05\0\0\0abc"] {
            assert_eq!(Rehearsal::from_bytes(bytes), Rehearsal::Failed);
        }
    }
}
