//! The variables that configure the SDK, with hostile values: a run may fail, but it must not panic, hang
//! or exhaust memory.

use crate::harness::*;
use proptest::prelude::*;
use ssm_stub::{Parameter, Stub};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

const VARIABLES: &[&str] = &[
    "ALL_PROXY",
    "AWS_ACCESS_KEY_ID",
    "AWS_ACCOUNT_ID",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE",
    "AWS_AUTH_SCHEME_PREFERENCE",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DEFAULTS_MODE",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_DISABLE_CLOCK_SKEW_CORRECTION",
    "AWS_DISABLE_REQUEST_COMPRESSION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_EC2_METADATA_V1_DISABLED",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_SIGNIN",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_ENDPOINT_URL_STS",
    "AWS_EXECUTION_ENV",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_LOGIN_CACHE_DIRECTORY",
    "AWS_MAX_ATTEMPTS",
    "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
    "AWS_METADATA_SERVICE_TIMEOUT",
    "AWS_NEW_RETRIES_2026",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_REQUEST_CHECKSUM_CALCULATION",
    "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES",
    "AWS_RESPONSE_CHECKSUM_VALIDATION",
    "AWS_RETRY_MODE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SDK_UA_APP_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_SIGV4A_SIGNING_REGION_SET",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "HOME",
    "HOSTALIASES",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LOCALDOMAIN",
    "NO_PROXY",
    "REQUEST_METHOD",
    "RES_OPTIONS",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "SECRET_ACCESS_KEY",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TZ",
    "_X_AMZN_TRACE_ID",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

const VALUES: &[&[u8]] = &[
    b"",
    b" ",
    b"\n",
    b"x\r\ny",
    b"\xff\xfe",
    b"\x1b[2J",
    "\u{202e}\u{85}".as_bytes(),
    b"\x7f",
    b"-1",
    b"0",
    b"4294967296",
    b"18446744073709551616",
    b"1e309",
    b"NaN",
    b"true",
    b"maybe",
    b"legacy",
    b"adaptive",
    b"=",
    b"{",
    b"[",
    b"\"",
    b"%",
    b"%00%zz",
    b"://",
    b"http://",
    b"http://[",
    b"http://[::1",
    b"http://127.0.0.1:99999/",
    b"http://127.0.0.1:1/",
    b"http://user:password@127.0.0.1:1/?#",
    b"https://127.0.0.1:1/\x01",
    b"socks5://127.0.0.1:1",
    b"file:///etc/passwd",
    b"localhost:1",
    b"*",
    b"/",
    b".",
    b"/dev/null",
    b"/dev/zero",
    b"/dev/full",
    b"/etc/passwd",
    b"arn:",
    b"arn:aws:iam::111122223333:role/\n",
    b"2099-01-01T00:00:00Z",
    b"9999-99-99T99:99:99Z",
    &[b'x'; 100_000],
    &[b'9'; 400],
    &[0xf0; 300],
];

/// A run with these variables, without a panic, a hang or an abort.
fn check(with_credentials: bool, variables: &[(&str, &[u8])]) -> Result<(), String> {
    static STUB: OnceLock<Stub> = OnceLock::new();
    let stub = STUB.get_or_init(|| {
        let stub = Stub::builder().without_record().start();
        stub.put(Parameter::secure("/sdk/a", "canary-a"));
        stub
    });
    let mut run = Run::against(&stub.url());
    if !with_credentials {
        run = run.unset("AWS_ACCESS_KEY_ID").unset("AWS_SECRET_ACCESS_KEY");
    }
    for (name, value) in variables {
        run = run.env(name, OsStr::from_bytes(value));
    }
    let (binary, home) = run.args("--timeout 1s -vv -p /sdk -- true").command();
    // timeout(1) ends with 124 when it had to stop a run that hangs.
    let limits = "ulimit -v 524288; ulimit -c 0; exec timeout --signal=KILL 180 \"$@\"";
    let mut command = through("/bin/sh", &["-c", limits, "sh"], &binary);
    command.current_dir(home.path());
    let output = command.output().expect("timeout(1)");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let expected = [0, 64, 65, 66, 75, 77, 78];
    let status = output.status.code();
    let ended = status.is_some_and(|status| expected.contains(&status));
    let leaked = stderr.contains("canary") || stderr.contains("panicked");
    if ended && !leaked && output.status.signal().is_none() {
        return Ok(());
    }
    let shown: Vec<_> = variables
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(&value[..value.len().min(40)]);
            format!("{name}={value:?}")
        })
        .collect();
    Err(format!("{shown:?}: {}: {stderr}", output.status))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_values_of_sdk_variables_do_not_break_a_run(
        with_credentials: bool,
        variables in prop::collection::vec(
            (prop::sample::select(VARIABLES), prop::sample::select(VALUES)),
            1..4,
        ),
    ) {
        if let Err(failure) = check(with_credentials, &variables) {
            prop_assert!(false, "{}", failure);
        }
    }
}

#[test]
#[ignore = "takes minutes: ./tests/run includes it"]
fn every_hostile_value_of_every_sdk_variable_does_not_break_a_run() {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(name) = VARIABLES.get(n / VALUES.len()) else {
                        return;
                    };
                    let value = VALUES[n % VALUES.len()];
                    for with_credentials in [true, false] {
                        if let Err(failure) = check(with_credentials, &[(*name, value)]) {
                            failures.lock().expect("not poisoned").push(failure);
                        }
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("not poisoned");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
