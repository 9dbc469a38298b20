//! The session of `aws login`: its credentials are in a file, and a key that proves possession renews them.

use super::renewal::{UserSession, keys};
use super::request::{EndpointKind, configured_url};
use super::token_file::TokenFile;
use super::{CredentialSource, Outcome, Search, failed, refused};
use crate::aws::failure::Failure;
use crate::aws::service_error::{Class, Service, ServiceError};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Request;
use ring::digest::SHA256;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Help;
use ssm_exec_core::region::Region;
use std::time::{SystemTime, UNIX_EPOCH};

const DIRECTORY: (&str, &str) = ("AWS_LOGIN_CACHE_DIRECTORY", ".aws/login/cache");

struct LoginSession<'a> {
    source: &'a CredentialSource,
    profile: &'a str,
    search: &'a Search<'a>,
}

impl UserSession for LoginSession<'_> {
    const SERVICE: Service = Service::SignIn;
    const END: &'static str = "/accessToken/expiresAt";
    const NAME: &'static str = "the session of `aws login`";
    const CODE: Code = Code::LoginExpired;

    fn profile(&self) -> &str {
        self.profile
    }

    fn request(&self, token: &Value, now: SystemTime) -> Option<Request<String>> {
        let member = |name| token[name].as_str();
        let body = json!({
            "clientId": member("clientId")?,
            "grantType": "refresh_token",
            "refreshToken": member("refreshToken")?,
        });
        let url = self.search.sign_in(member("signInRegion")) + "/v1/token";
        let proof = Proof::new(member("dpopKey")?)?.of(&url, now)?;
        Request::post(url)
            .header("content-type", "application/json")
            .header("dpop", proof)
            .body(body.to_string())
            .ok()
    }

    fn renew(&self, token: &mut Value, answer: &Value, end: String) -> Option<()> {
        answer["refreshToken"].as_str()?;
        for name in ["accessKeyId", "secretAccessKey", "sessionToken"] {
            answer["accessToken"][name].as_str()?;
            token["accessToken"][name] = answer["accessToken"][name].clone();
        }
        token["accessToken"]["expiresAt"] = end.into();
        token["refreshToken"] = answer["refreshToken"].clone();
        Some(())
    }

    fn refused(&self, answer: &ServiceError) -> Failure {
        if answer.exchange.code.as_deref() == Some("INSUFFICIENT_PERMISSIONS") {
            let text = "Renewing the session needs the permission signin:CreateOAuth2Token";
            return refused(self.source, answer).helped(vec![Help::text(text)]);
        }
        match answer.class {
            Class::Session | Class::Denied | Class::Expired | Class::Rejected => {
                failed(self.source, self.ended_by(answer))
            }
            _ => refused(self.source, answer),
        }
    }
}

impl Search<'_> {
    /// The keys of a session.
    pub(super) async fn login(
        &self,
        source: &CredentialSource,
        profile: &str,
        name: &str,
    ) -> Outcome {
        let session = LoginSession { source, profile, search: self };
        let file = TokenFile::new(self.inherited, DIRECTORY, (&SHA256, name));
        let token = self.token(source, &session, &file).await?;
        keys(&token["accessToken"]).ok_or_else(|| {
            let text = format!("{} has no credentials", file.path().display());
            failed(source, session.ended(Some(&text)))
        })
    }

    /// The URL of AWS Sign-In, which has domains of its own. A login remembers its Region.
    fn sign_in(&self, region: Option<&str>) -> String {
        let region = region.and_then(|name| Region::parse(name).ok());
        let region = region.as_ref().unwrap_or(self.region);
        let domain = match region.partition().id {
            "aws" => "aws.amazon.com",
            "aws-cn" => "amazonaws.cn",
            "aws-us-gov" => "amazonaws-us-gov.com",
            _ => region.partition().dns_suffix,
        };
        match self.endpoints() {
            _ if configured_url(self.sdk, "Signin").is_some() => {
                self.service_url("Signin", "signin", region)
            }
            EndpointKind { fips: false, dual_stack: false } => {
                format!("https://{region}.signin.{domain}")
            }
            EndpointKind { fips: true, dual_stack: false }
                if region.partition().id == "aws-us-gov" =>
            {
                format!("https://{region}.signin-fips.{domain}")
            }
            _ => self.service_url("Signin", "signin", region),
        }
    }
}

/// Proves possession of a key (RFC 9449, DPoP).
struct Proof {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

/// A P-256 key as the AWS CLI writes it (SEC 1, RFC 5915): what stands before, between and after its two numbers.
const BEFORE: &[u8] = b"\x30\x77\x02\x01\x01\x04\x20";
const BETWEEN: &[u8] = b"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\xa1\x44\x03\x42\x00";

impl Proof {
    fn new(pem: &str) -> Option<Self> {
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        let der = STANDARD.decode(lines.map(str::trim).collect::<String>()).ok()?;
        let (private, rest) = der.strip_prefix(BEFORE)?.split_at_checked(32)?;
        let public = rest.strip_prefix(BETWEEN)?;
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key =
            EcdsaKeyPair::from_private_key_and_public_key(algorithm, private, public, &random);
        Some(Self { key: key.ok()?, random })
    }

    /// For a request to this URL.
    fn of(&self, url: &str, now: SystemTime) -> Option<String> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // The point's form, then its two coordinates.
        let (x, y) = self.key.public_key().as_ref().get(1..)?.split_at_checked(32)?;
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)});
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk});
        let mut id = [0; 16];
        self.random.fill(&mut id).ok()?;
        let seconds = now.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let claims = json!({"htm": "POST", "htu": url, "iat": seconds, "jti": encode(&id)});
        let [header, claims] = [header, claims].map(|part| encode(part.to_string().as_bytes()));
        let text = format!("{header}.{claims}");
        let signature = self.key.sign(&self.random, text.as_bytes()).ok()?;
        Some(format!("{text}.{}", encode(signature.as_ref())))
    }
}
