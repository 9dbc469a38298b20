//! X25519MLKEM768, the hybrid key exchange of TLS 1.3 (draft-ietf-tls-ecdhe-mlkem), which ring does not have. Its secret
//! is safe while one of its two halves is.

use libcrux_ml_kem::KEY_GENERATION_SEED_SIZE;
use libcrux_ml_kem::mlkem768::{MlKem768Ciphertext, MlKem768KeyPair, portable};
use rustls::crypto::ring::default_provider;
use rustls::crypto::ring::kx_group::X25519;
use rustls::crypto::{ActiveKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{Error, NamedGroup, PeerMisbehaved, ProtocolVersion};
use zeroize::Zeroizing;

/// The client's side of the group: rustls asks only servers to encapsulate.
#[derive(Debug)]
pub(super) struct X25519MlKem768;

impl SupportedKxGroup for X25519MlKem768 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut seed = Zeroizing::new([0; KEY_GENERATION_SEED_SIZE]);
        default_provider().secure_random.fill(&mut *seed)?;
        Ok(Box::new(Started::new(&seed, X25519.start()?)))
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

/// The keys of one handshake. They are on the heap, where the allocator wipes them.
struct Started {
    ml_kem: Box<MlKem768KeyPair>,
    x25519: Box<dyn ActiveKeyExchange>,
    /// The public keys of both.
    share: Vec<u8>,
}

impl Started {
    fn new(seed: &[u8; KEY_GENERATION_SEED_SIZE], x25519: Box<dyn ActiveKeyExchange>) -> Self {
        // The crate's vector code for arm64 is not verified, and detecting the processor takes as long as it saves.
        let ml_kem = Box::new(portable::generate_key_pair(*seed));
        Self { share: [ml_kem.pk().as_slice(), x25519.pub_key()].concat(), ml_kem, x25519 }
    }
}

impl ActiveKeyExchange for Started {
    /// In the server's share and in the secret, ML-KEM comes first too.
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let (ciphertext, x25519) = peer
            .split_at_checked(MlKem768Ciphertext::len())
            .ok_or(PeerMisbehaved::InvalidKeyShare)?;
        let ciphertext = MlKem768Ciphertext::try_from(ciphertext)
            .map_err(|_| PeerMisbehaved::InvalidKeyShare)?;
        let x25519 = self.x25519.complete(x25519)?;
        let ml_kem = portable::decapsulate(self.ml_kem.private_key(), &ciphertext);
        let ml_kem = Zeroizing::new(ml_kem);
        Ok([ml_kem.as_slice(), x25519.secret_bytes()].concat().into())
    }

    /// X25519's share is sent a second time, by itself, for a server without ML-KEM.
    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        Some((self.x25519.group(), self.x25519.pub_key()))
    }

    fn complete_hybrid_component(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        self.x25519.complete(peer)
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }
}

#[cfg(test)]
mod tests;
