//! One level of configuration as it was given: texts with the place that each came from.
//! The command line, the variables and the file each make one; the stronger goes over the weaker.

use crate::origin::Given;

/// A list that one level gives as a whole.
pub type List<T> = Option<Vec<Given<T>>>;

/// A prefix or a JSON object, with the naming that is its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathSpec {
    /// The path, or the parameter that holds the object.
    pub text: String,
    /// It may yield nothing.
    pub optional: bool,
    /// Instead of the naming for all.
    pub only: Option<Vec<String>>,
    /// Instead of the naming for all.
    pub exclude: Option<Vec<String>>,
    /// Instead of the naming for all.
    pub name_prefix: Option<String>,
    /// Instead of the naming for all.
    pub case: Option<String>,
}

/// A key parameter for a key variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySpec {
    /// The variable's name; made from the parameter's without.
    pub name: Option<String>,
    /// The parameter.
    pub param: String,
    /// It may be missing.
    pub optional: bool,
    /// Taken when it is missing.
    pub default: Option<String>,
    /// The value is to be decoded.
    pub encoding: Option<String>,
    /// The oldest it may be, for `check`.
    pub max_age: Option<String>,
}

impl KeySpec {
    /// Reads `[NAME=]PARAM`.
    pub fn from_text(text: &str, optional: bool) -> Self {
        let (name, param) = match text.split_once('=') {
            Some((name, param)) => (Some(name.to_owned()), param),
            None => (None, text),
        };
        Self {
            name,
            param: param.to_owned(),
            optional,
            ..Self::default()
        }
    }
}

/// All that one level gives. What it doesn't mention is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// `command`, which only the file has
    pub command: Option<Vec<String>>,
    /// `--prefix`
    pub prefix: List<PathSpec>,
    /// `--key` and `--optional-key`, one list
    pub keys: List<KeySpec>,
    /// `--json`
    pub json: List<PathSpec>,
    /// `--file`
    pub files: List<KeySpec>,
    /// `--no-refs`
    pub no_refs: Option<Given<bool>>,
    /// `--require`
    pub require: List<String>,
    /// `--only`
    pub only: List<String>,
    /// `--exclude`
    pub exclude: List<String>,
    /// `--name-prefix`
    pub name_prefix: Option<Given<String>>,
    /// `--case`
    pub case: Option<Given<String>>,
    /// `--base64`
    pub base64: List<String>,
    /// `--pristine`
    pub pristine: Option<Given<bool>>,
    /// `--keep`
    pub keep: List<String>,
    /// `--keep-existing`
    pub keep_existing: Option<Given<bool>>,
    /// `--allow`
    pub allow: List<String>,
    /// `--skip`
    pub skip: Option<Given<bool>>,
    /// `--drop-aws-credentials`
    pub drop_aws_credentials: Option<Given<bool>>,
    /// `--region`
    pub region: Option<Given<String>>,
    /// `--profile`
    pub profile: Option<Given<String>>,
    /// `--endpoint-url`
    pub endpoint_url: Option<Given<String>>,
    /// `--allow-http`
    pub allow_http: Option<Given<bool>>,
    /// `--role-arn`
    pub role_arn: Option<Given<String>>,
    /// `--external-id`
    pub external_id: Option<Given<String>>,
    /// `--ca-bundle`
    pub ca_bundle: Option<Given<String>>,
    /// `--timeout`
    pub timeout: Option<Given<String>>,
    /// `[compose]`
    pub compose: List<(String, String)>,
    /// `[rename]`
    pub rename: List<(String, String)>,
    /// `drop`
    pub drop: List<String>,
}

impl Layer {
    /// Puts this level over a weaker one: a list that both give is this one's.
    #[must_use]
    pub fn over(self, weaker: Self) -> Self {
        Self {
            command: self.command.or(weaker.command),
            prefix: self.prefix.or(weaker.prefix),
            keys: self.keys.or(weaker.keys),
            json: self.json.or(weaker.json),
            files: self.files.or(weaker.files),
            no_refs: self.no_refs.or(weaker.no_refs),
            require: self.require.or(weaker.require),
            only: self.only.or(weaker.only),
            exclude: self.exclude.or(weaker.exclude),
            name_prefix: self.name_prefix.or(weaker.name_prefix),
            case: self.case.or(weaker.case),
            base64: self.base64.or(weaker.base64),
            pristine: self.pristine.or(weaker.pristine),
            keep: self.keep.or(weaker.keep),
            keep_existing: self.keep_existing.or(weaker.keep_existing),
            allow: self.allow.or(weaker.allow),
            skip: self.skip.or(weaker.skip),
            drop_aws_credentials: self.drop_aws_credentials.or(weaker.drop_aws_credentials),
            region: self.region.or(weaker.region),
            profile: self.profile.or(weaker.profile),
            endpoint_url: self.endpoint_url.or(weaker.endpoint_url),
            allow_http: self.allow_http.or(weaker.allow_http),
            role_arn: self.role_arn.or(weaker.role_arn),
            external_id: self.external_id.or(weaker.external_id),
            ca_bundle: self.ca_bundle.or(weaker.ca_bundle),
            timeout: self.timeout.or(weaker.timeout),
            compose: self.compose.or(weaker.compose),
            rename: self.rename.or(weaker.rename),
            drop: self.drop.or(weaker.drop),
        }
    }
}
