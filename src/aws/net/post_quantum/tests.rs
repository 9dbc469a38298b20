//! OpenSSL 4.0 made the vector: it encapsulated a secret for the key of the seed 0, 1, … 63.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The last bytes of the public key.
const KEY_END: &str = "tr6CFtbGM/srIoDiURPYaV5DSBw+6zl+sZJQUim2eiAeqJPD4ssy2ovDQvpN6gV4";
const SECRET: &str = "MIK2b9V/oO6KW9Inex5jyEAjQ6XTGjp+ixn0Yi5JMP0=";
const CIPHERTEXT: &str = "\
Mu3LbPWVDAVP6Of/08Sxx69GsYS4Amh/VaPGqn3Zz+VhEDlm8yNf+FGRpx1yIgzckksHpjWAFEjs4E1fyB9JtkYFyRfvTw+YJ/zu\
qvYKz9O8rGmGFMuIqufHpVgpmfCppUyZk7fni+8axeWbiNFWDo+Ln7O68BNP974mxzKuWz1lNVAlTzzQgC7DZHOuQ2QjfJBN/mPr\
kGgvOIppqi5Ff2B3DqorcorJaFwBZKOUiyVt8ehn5vX78om4NUtJyQtgy3LNM0lA20GxrJdkdOYqgCi2RXCQsfPZfvDXOlO9PFaK\
lEh9qBGV7AdZxho9HCZY6STZihMLpzbXQvIviKlML+7LWdHjApHZntALACHhAPa0xqaHdCFCJiXdp5IjqisdSEAWH9yd5CtHC5hQ\
J04gvlmc72xpXtBF9komPbD0VkncnfS9OYTenT1pYE41MLK2zimBTYc2LtkOjtSCZmwDNyWxBaOMKUA2/suoJJZnCvCRuDG7QGMc\
q67BqZ/pdclno9GW5CqCOMHmm/qsTDqC4LayAb2HQSbcL61JOey6g9FNkU0Wybbcfo17WI3FgoP9JPOiFf3p1Icf14bGLzsPpPtV\
l5vML2SEvLF13CBeiQjEZ5kjUyLZnkOzRqc/nouPX5ENs1KJud3MsNyv8TTnKCrhxFDpLCyKm3OoxOF7uufLp9SBQPOWzX+N+hVp\
Q146He9GlQQcbzJeM/HMvWQU+odsYzMJ/xBTxIR1zTYzZrl+hvhDkJKb99h19AliyT4aghJAR0KW7HsYIP7Imtx9SLx1dznSp77/\
WhB7Q+nf731FFPHMrXeGIjzIrjcTB5kyF4f+jdzc+2krajLMBK/Au+Phonf550pRFyo48RDOB8YrSNjuMVGaLG2jeI9aC8PZrCmL\
QQE/YkP3I6a6aEI5+aQWP/tFP3u4J7J0V6xxwGHCiMcBDSExRVXOe4+E0PF8W8aZWOZWAGSECqELAmtRswlPuwJU4jjQGLIv3zUJ\
bzYBuS+a+032iCdR+5TydaMDeS9ZZEiLOeJpb4VBxAzd0yulkPSvpoY6DQWhTKow0f0Lq4atM/f555KLeZcrfip0yjF57a5eWlOq\
JE4PVd326cu5F3MjRZkNyf1TWwUcInKe5/BDhKFJANs5xqoqJ4wh7XVXTLkrL7jJ/amqwCRxYHRih2o7HsylTAmPNngv/kZaAZXI\
WNdp4IxuW1Gg8ohr0G1zLoJEje1IiXHbGWkoJaDlWSp9ghq9DXMqWaxHVTp5C/eVY0oARr9yLMlwqEgXFeB4pYTN4m7gZcOwBSlb\
fytmUcksk4IG3zP0Y0l9SyBDYMfdeEfzMIrUi9rIVN2uUrkICP9RfsTw/R+TMPyYUg5DncKMRAdiH6Hys2YMb4onQxFT3QkefotM\
KUqoRuWH3CHs3U4Ho2UxQa7jshCvTL0AVIEZECg9hDxJURuNtPY=";

fn started() -> Box<Started> {
    let seed = std::array::from_fn(|n| u8::try_from(n).expect("below 64"));
    Box::new(Started::new(&seed, X25519.start().expect("a key")))
}

fn decoded(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("Base64")
}

#[test]
fn shares_and_secrets_have_ml_kem_first_and_then_x25519() {
    let client = started();
    let share = client.pub_key().to_vec();
    assert_eq!(share.len(), 1184 + 32);
    let (ml_kem, x25519) = share.split_at(1184);
    assert!(ml_kem.ends_with(&decoded(KEY_END)));
    let classical = client.hybrid_component();
    assert_eq!(classical, Some((NamedGroup::X25519, x25519)));
    let server = X25519.start_and_complete(x25519).expect("a key");
    let answer = [decoded(CIPHERTEXT), server.pub_key].concat();
    let secret = client.complete(&answer).expect("a secret");
    let expected = [&decoded(SECRET), server.secret.secret_bytes()].concat();
    assert_eq!(secret.secret_bytes(), expected);
}

#[test]
fn a_server_that_chooses_x25519_alone_gets_its_secret() {
    let client = started();
    let share = client.pub_key()[1184..].to_vec();
    let server = X25519.start_and_complete(&share).expect("a key");
    let secret = client.complete_hybrid_component(&server.pub_key);
    let secret = secret.expect("a secret");
    assert_eq!(secret.secret_bytes(), server.secret.secret_bytes());
}

#[test]
fn an_answer_of_another_length_is_refused() {
    for length in [0, 32, 1088, 1088 + 31, 1088 + 33] {
        let answer = vec![9; length];
        let refused = started().complete(&answer).err();
        assert_eq!(refused, Some(PeerMisbehaved::InvalidKeyShare.into()));
    }
}

#[test]
fn an_answer_whose_x25519_is_of_small_order_is_refused() {
    let answer = [decoded(CIPHERTEXT), vec![0; 32]].concat();
    assert!(started().complete(&answer).is_err());
}

#[test]
fn no_two_handshakes_have_the_same_keys() {
    let share = || X25519MlKem768.start().expect("keys").pub_key().to_vec();
    let (one, other) = (share(), share());
    assert_ne!(one[..1184], other[..1184]);
    assert_ne!(one[1184..], other[1184..]);
}
