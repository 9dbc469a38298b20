//! What can prevent a start: a closed list of codes, with the status, the cause and the help of each.
//! Messages take their help from it, and docs/troubleshooting.md is made from it.

use crate::status::Status;

macro_rules! codes {
    ($($variant:ident $word:literal $status:ident $cause:literal [$($help:literal $(=> $command:literal)?),*])*) => {
        /// What prevented the start, for machines. Codes are added, never changed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $cause] $variant,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code in a JSON message.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The status of a run that ends with it. A faulty setting on the command line is 64 instead.
            pub fn status(self) -> Status {
                match self { $(Self::$variant => Status::$status,)* }
            }

            /// What it means, in a sentence.
            pub fn cause(self) -> &'static str {
                match self { $(Self::$variant => $cause,)* }
            }

            /// What to do, each a sentence and the command that it ends with. `{name}` is a placeholder,
            /// which the message fills.
            pub fn help(self) -> &'static [(&'static str, &'static str)] {
                match self { $(Self::$variant => &[$(($help, concat!($($command)?))),*],)* }
            }
        }
    };
}

codes! {
    Usage "usage" Usage
        "The command line is invalid."
        ["See `ssm-exec --help`"]
    NoCommand "no-command" Usage
        "No command is given."
        ["Write it after the options, as in `ssm-exec --prefix /org/service -- ./server`, or as `command` in {file}"]
    InvalidSetting "invalid-setting" Config
        "A setting has an invalid value."
        []
    InvalidStage "invalid-stage" Config
        "The stage does not exist, or none is chosen."
        ["Choose one with `--stage NAME`, or set `default_stage` in the file"]
    UnknownSetting "unknown-setting" Config
        "A variable or a key of the file is unknown."
        ["Correct its name, or remove it: docs/configuration.md has all names"]
    InvalidFile "invalid-file" Config
        "ssm-exec.toml or a template cannot be read, or the former is not valid TOML."
        ["Settings are written as `name = \"text\"`: docs/configuration.md has an example"]
    UntrustedFile "untrusted-file" Config
        "ssm-exec.toml was found, not named, and it belongs to another user or is world-writable."
        ["If you trust it, pass `--config {path}` or set `SSM_EXEC_CONFIG={path}`", "Otherwise pass `--no-config` or set `SSM_EXEC_NO_CONFIG=1`"]
    NoSources "no-sources" Config
        "No source of parameters is configured."
        ["Use `--prefix /org/service`, `--key NAME=/org/service/key`, a variable such as `NAME=ssm:///org/service/key`, or an ssm-exec.toml"]
    CaBundle "ca-bundle" Config
        "The CA bundle cannot be used."
        ["Use a PEM file with valid certificates"]
    UnknownProfile "unknown-profile" Config
        "The profile does not exist in the shared AWS configuration files."
        ["Correct its name, or create it" => "aws configure sso --profile {name}"]
    InvalidAwsFile "invalid-aws-file" Config
        "A shared AWS configuration file is invalid, or a profile in it cannot give credentials."
        ["Correct it: https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html shows the format"]
    NoRegion "no-region" Config
        "No AWS Region is configured."
        ["Set one, for example with `--region eu-west-1` or AWS_REGION"]
    NoCredentials "no-credentials" Denied
        "No source has credentials."
        ["Set AWS_PROFILE (and run `aws sso login`), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the task, pod, function or instance a role"]
    IncompleteCredentials "incomplete-credentials" Denied
        "One of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set without the other."
        ["Set {lacks} too, or unset {has} to use another source"]
    MalformedCredentials "malformed-credentials" Denied
        "Credentials contain what credentials never have, such as a newline or quotation marks, or two of them are swapped."
        ["Remove it from {place}", "`printf %s` writes a text without a newline, `echo` does not"]
    SsoExpired "sso-expired" Denied
        "The session of IAM Identity Center has expired, or there is none."
        ["Log in" => "aws sso login{profile}"]
    SsoRoleDenied "sso-role-denied" Denied
        "IAM Identity Center does not give the user this role in this account."
        ["Have it assigned, or choose another account and role" => "aws configure sso{profile}"]
    LoginExpired "login-expired" Denied
        "The session of `aws login` has expired, or there is none."
        ["Log in" => "aws login{profile}"]
    MfaRequired "mfa-required" Denied
        "The profile's role asks for an MFA code, which only a person can type."
        ["Get credentials with the AWS CLI first" => "eval \"$(aws configure export-credentials --profile {profile} --format env)\""]
    WebIdentityFile "web-identity-file" Denied
        "The file with the web identity token cannot be read, or is empty."
        ["In EKS, restart the pod" => "kubectl delete pod NAME", "If that does not help, annotate its service account with `eks.amazonaws.com/role-arn`", "Elsewhere, correct {setting}"]
    WebIdentityExpired "web-identity-expired" Denied
        "The web identity token has expired."
        ["Whatever renews the file has stopped", "In EKS, restart the pod" => "kubectl delete pod NAME", "In CI, fetch a new token before this step"]
    WebIdentityProvider "web-identity-provider" Denied
        "The account has no OpenID Connect provider for the token's issuer."
        ["Create it" => "aws iam create-open-id-connect-provider --url {issuer} --client-id-list sts.amazonaws.com"]
    WebIdentityAudience "web-identity-audience" Denied
        "STS does not accept the audience of the web identity token."
        ["Ask for a token for sts.amazonaws.com", "Or let the provider accept this one" => "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn arn:aws:iam::{account}:oidc-provider/{provider} --client-id {audience}"]
    WebIdentityDenied "web-identity-denied" Denied
        "The role's trust policy does not allow the web identity token."
        ["Compare issuer, subject and audience with the trust policy" => "aws iam get-role --role-name {role} --query Role.AssumeRolePolicyDocument"]
    AssumeRoleDenied "assume-role-denied" Denied
        "The role may not be assumed."
        ["Both the role's trust policy and the caller's policy must allow it", "If the trust policy asks for an external ID, give it with `--external-id ID`, or as `external_id` in the profile"]
    CredentialSourceFailed "credential-source-failed" Denied
        "A configured source of credentials fails."
        []
    CredentialSourceUnavailable "credential-source-unavailable" TryLater
        "A source of credentials fails temporarily or cannot be reached."
        ["Try again later"]
    CredentialsExpired "credentials-expired" Denied
        "The credentials have expired."
        []
    CredentialsUnknown "credentials-unknown" Denied
        "AWS does not know the access key: it was deactivated or deleted, or it is temporary and its session token is missing."
        []
    RegionNotEnabled "region-not-enabled" Denied
        "AWS does not accept the credentials in a Region that accounts must enable first."
        ["See whether it is enabled" => "aws account get-region-opt-status --region-name {region} --region us-east-1", "Enable it" => "aws account enable-region --region-name {region} --region us-east-1", "If it is enabled, the credentials are wrong"]
    SignatureMismatch "signature-mismatch" Denied
        "The secret access key does not belong to the access key ID."
        ["Copy both again"]
    ClockSkew "clock-skew" Denied
        "This machine's clock is wrong."
        ["Set it, for example with `timedatectl set-ntp true`", "In a container, set it on the host"]
    AccessDenied "access-denied" Denied
        "IAM does not allow the request."
        []
    MalformedName "malformed-name" Denied
        "AWS could not build an ARN from a name."
        ["Correct the malformed name"]
    KmsDenied "kms-denied" Denied
        "The caller may not decrypt with the KMS key of a parameter."
        []
    KmsKeyDisabled "kms-key-disabled" Denied
        "The KMS key of a parameter is disabled."
        ["Enable it" => "aws kms enable-key --key-id {key}{region}"]
    KmsKeyPendingDeletion "kms-key-pending-deletion" Denied
        "The KMS key of a parameter is pending deletion, and what it encrypts will be lost with it."
        ["Cancel its deletion" => "aws kms cancel-key-deletion --key-id {key}{region}", "Then enable it" => "aws kms enable-key --key-id {key}{region}"]
    KmsKeyDeleted "kms-key-deleted" Denied
        "The KMS key of a parameter does not exist any more, and what it encrypted is lost."
        ["Store it anew, with another key" => "aws ssm put-parameter --name {name} --type SecureString --overwrite --key-id alias/KEY --value file:///dev/stdin{region}"]
    KmsKeyUnusable "kms-key-unusable" Denied
        "The KMS key of a parameter cannot be used."
        ["See its state" => "aws kms describe-key --key-id {key}{region}", "A key of another account must be shared with this one"]
    SecretDenied "secret-denied" Denied
        "A secret of Secrets Manager cannot be read through Parameter Store, and AWS does not say why."
        ["It must exist, and the caller needs secretsmanager:GetSecretValue on it", "If it has its own key, the caller needs kms:Decrypt too"]
    SecretDeleted "secret-deleted" Missing
        "A secret of Secrets Manager is scheduled for deletion."
        ["Restore it" => "aws secretsmanager restore-secret --secret-id {secret}{region}", "Or remove the key"]
    SecretMissing "secret-missing" Missing
        "A secret of Secrets Manager does not exist."
        ["Correct its name, or create it", "See what exists" => "aws secretsmanager list-secrets --query 'SecretList[].Name'{region}"]
    RequestRejected "request-rejected" Config
        "AWS rejects the request."
        ["Correct what its message names"]
    InvalidResponse "invalid-response" TryLater
        "The response is not what the API returns."
        ["Check that the endpoint is SSM, and that nothing in between changes the responses"]
    ForeignResponse "foreign-response" Config
        "Something other than AWS refuses the request."
        ["Check the endpoint, and what is between it and this machine: a proxy, a firewall or a gateway"]
    NoValue "no-value" Unusable
        "A parameter came without a value: Parameter Store does not return binary secrets of Secrets Manager."
        ["Store it as Base64 text"]
    TooManyParameters "too-many-parameters" Config
        "A prefix has more parameters than `--max-parameters` allows."
        ["Use a longer prefix, or raise `--max-parameters`"]
    Throttled "throttled" TryLater
        "AWS limited the rate of requests until the deadline."
        ["Spread the starts, or raise `--timeout`"]
    ServiceFailed "service-failed" TryLater
        "AWS or a proxy failed until the deadline."
        ["Try again later", "See https://health.aws.amazon.com/health/status"]
    Unreachable "unreachable" TryLater
        "The server cannot be reached or does not answer."
        []
    UnknownRegion "unknown-region" Config
        "DNS does not know the Region's endpoint, and the Region is not known."
        ["Correct the Region: did you mean `{region}`?"]
    PlainHttp "plain-http" Config
        "Secrets would be sent over plain HTTP to another machine."
        ["Use https, or allow it with `--allow-http`"]
    Proxy "proxy" Config
        "The proxy refuses the connection."
        []
    Tls "tls" Config
        "The server's certificate cannot be trusted."
        []
    CertificateTime "certificate-time" TryLater
        "The server's certificate is not valid yet at this machine's time."
        ["Set this machine's clock, for example with `timedatectl set-ntp true`", "In a container, set it on the host"]
    TimedOut "timed-out" TryLater
        "The deadline passed."
        ["Raise `--timeout`, or find out what does not answer (`-vv` logs each step)"]
    Missing "missing" Missing
        "A parameter, a version or a label does not exist."
        ["Check the account and the Region (`--profile`, `--region`), then correct the name, or create the parameter"]
    Removed "removed" Missing
        "A parameter that the running command was given no longer exists (`--watch`)."
        ["Write it again, or restart the command to accept that"]
    NothingBelowPrefix "nothing-below-prefix" Missing
        "There is no parameter below a prefix."
        ["Check the account and the Region (`--profile`, `--region`), then correct the path, or mark the prefix `optional` in ssm-exec.toml", "A parameter of exactly that name is not below it: give it with `--key`", "See what exists" => "aws ssm describe-parameters --parameter-filters Key=Name,Option=Contains,Values={start} --query 'Parameters[].Name'{region}"]
    NothingAdmitted "nothing-admitted" Missing
        "`--only` leaves no variable of a prefix or a JSON object. Where only `--exclude` does, it is a warning."
        ["Correct the pattern: it is matched against the name of the variable, not the path"]
    Warning "warning" Config
        "There is a warning, and `--strict` makes it an error."
        ["Correct it, or run without `--strict`"]
    Required "required" Missing
        "A required variable is unset or empty."
        ["Set it, or do not require it"]
    ComposePartUnset "compose-part-unset" Missing
        "A composed variable or file needs a variable that is not set."
        ["Set it, or correct the template"]
    ComposePartNotText "compose-part-not-text" Unusable
        "A composed variable or file needs the value of a variable in a format that cannot have it, such as bytes that are not UTF-8 in JSON."
        ["Use the filter `base64`, or correct the value"]
    SkippedReference "skipped-reference" Config
        "A reference has no value because of `--skip`."
        ["Give it `?default=TEXT` or `?optional`, or unset the variable"]
    Collision "collision" Config
        "Two parameters would become the same variable."
        ["Choose one with an explicit `--key`, or rename one"]
    InvalidName "invalid-name" Config
        "A parameter would become a variable whose name begins with a digit."
        ["Prefix the name with `--name-prefix TEXT`, or leave it out with `--exclude`"]
    RefusedName "refused-name" Config
        "A prefix or a JSON object would set a variable that controls a loader, a shell or a runtime."
        ["If that is intended, use `--allow {name}`, otherwise `--exclude {name}`"]
    Nul "nul" Unusable
        "A value contains a NUL byte."
        ["Pass it as a file with `--file {name}={param}`"]
    Json "json" Unusable
        "A value is not the JSON that was expected, or lacks the member."
        ["Store JSON that fits, or correct what follows the `#`"]
    Contract "contract" Unusable
        "A value breaks the contract."
        ["Correct the value, or the rule in `[contract]`"]
    Base64 "base64" Unusable
        "A value is not Base64."
        ["Correct the value, or remove `--base64 {name}` or `encoding` in ssm-exec.toml"]
    TooLarge "too-large" Unusable
        "A value or the whole environment is larger than the kernel allows."
        ["Pass large values as files with `--file`, and long arguments in a file or on stdin"]
    CommandNotFound "command-not-found" NotFound
        "The command does not exist."
        ["Correct its name, or PATH"]
    CommandNotExecutable "command-not-executable" NotExecutable
        "The command cannot be executed."
        ["Correct its permissions, or build it for this machine"]
    FingerprintVersion "fingerprint-version" Unusable
        "The fingerprint was made by another version of ssm-exec, and cannot be compared."
        ["Make a new one with `ssm-exec check --fingerprint`"]
    InvalidCommand "invalid-command" Config
        "The command cannot be started as it is."
        ["Correct it as the message says"]
    System "system" System
        "The system refused something that the start needs."
        ["Correct the limit or the filter that refuses it"]
    Internal "internal" Internal
        "A bug in ssm-exec."
        ["Please report it"]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_code_has_its_own_word() {
        let words: HashSet<&str> = Code::ALL.iter().map(|code| code.word()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        let is_word = |word: &str| {
            word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b.is_ascii_digit())
        };
        assert!(words.iter().all(|word| is_word(word)));
    }
}
