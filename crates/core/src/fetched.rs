//! What was fetched: parameters by the request that returned them.

use crate::arn::Arn;
use crate::parameter::{ParameterId, ParameterRef, Prefix, Version};
use crate::request::Request;
use crate::secret::Secret;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::time::SystemTime;

crate::choice! {
    /// How Parameter Store keeps a parameter, in its own words.
    pub enum ParameterType {
        /// In clear.
        String = "String",
        /// In clear: values separated by commas.
        StringList = "StringList",
        /// Encrypted with a KMS key.
        SecureString = "SecureString",
    }
}

/// One parameter as the service returned it.
#[derive(Debug)]
pub struct FetchedParameter {
    /// Its name as the service spells it.
    pub name: String,
    pub value: Secret,
    /// Its type, if the service returned one that is known.
    pub kind: Option<ParameterType>,
    /// Its version; a secret of Secrets Manager has none.
    pub version: Option<Version>,
    /// When it was last changed.
    pub modified: Option<SystemTime>,
    pub arn: Option<String>,
}

/// What is known of a parameter.
#[derive(Debug)]
pub enum Answer<'a> {
    Found(&'a Rc<FetchedParameter>),
    Absent,
    /// Nothing: the request that would have returned it failed.
    Unknown,
}

/// Everything that was fetched.
#[derive(Debug, Default)]
pub struct Fetched {
    below: Vec<(Prefix, Vec<Rc<FetchedParameter>>)>,
    named: HashMap<ParameterRef, Rc<FetchedParameter>>,
    pages: Vec<(Prefix, usize)>,
    failed: Vec<Request>,
}

impl Fetched {
    /// Adds the parameters below a prefix.
    pub fn add_below(&mut self, prefix: Prefix, mut parameters: Vec<FetchedParameter>) {
        // The service returns them in no particular order; we sort them by name.
        parameters.sort_by(|a, b| a.name.cmp(&b.name));
        self.below.push((prefix, parameters.into_iter().map(Rc::new).collect()));
    }

    /// Notes how many pages a prefix had.
    pub fn set_pages(&mut self, prefix: &Prefix, pages: usize) {
        self.pages.push((prefix.clone(), pages));
    }

    /// How many requests these are, with all pages.
    pub fn requests(&self, planned: &[Request]) -> usize {
        let requests = planned.iter().map(|request| match request {
            Request::Below(prefix) => self.pages(prefix),
            Request::Batch(_) => 1,
        });
        requests.sum()
    }

    /// How many requests a prefix took.
    fn pages(&self, prefix: &Prefix) -> usize {
        let found = self.pages.iter().find(|(fetched, _)| fetched == prefix);
        found.map_or(1, |(_, pages)| *pages)
    }

    /// Adds the parameter that a name returned.
    pub fn add_named(&mut self, asked: ParameterRef, parameter: FetchedParameter) {
        self.named.insert(asked, Rc::new(parameter));
    }

    /// Notes that a request has failed: nothing is known of what it would have returned.
    pub fn add_failed(&mut self, request: Request) {
        self.failed.push(request);
    }

    /// What is known of a parameter.
    pub fn answer(&self, asked: &ParameterRef) -> Answer<'_> {
        match self.get(asked) {
            Some(parameter) => Answer::Found(parameter),
            None if self.failed.iter().any(|request| request.includes(asked)) => Answer::Unknown,
            None => Answer::Absent,
        }
    }

    /// Whether there may be parameters below a prefix, although none was fetched.
    pub fn is_unknown_below(&self, prefix: &Prefix) -> bool {
        self.failed
            .iter()
            .any(|request| matches!(request, Request::Below(failed) if failed.covers(prefix)))
    }

    /// The account that the parameters are in, by the ARN of one that was not requested by its own ARN.
    pub fn account(&self) -> Option<String> {
        let below = self.below.iter().flat_map(|(_, parameters)| parameters);
        let named = self.named.iter().filter_map(|(asked, parameter)| {
            matches!(asked.subject, ParameterId::Name(_)).then_some(parameter)
        });
        below
            .chain(named)
            .filter_map(|parameter| Arn::parse(parameter.arn.as_deref()?))
            .map(|arn| arn.account)
            .find(|account| !account.is_empty())
    }

    /// The ARN of every parameter, in order: where the values come from.
    pub fn arns(&self) -> BTreeSet<&str> {
        let below = self.below.iter().flat_map(|(_, parameters)| parameters);
        below.chain(self.named.values()).filter_map(|parameter| parameter.arn.as_deref()).collect()
    }

    /// The parameters below a prefix, each with its path relative to it, in the order of the names.
    pub fn below<'a>(
        &'a self,
        prefix: &Prefix,
    ) -> impl Iterator<Item = (&'a str, &'a Rc<FetchedParameter>)> {
        self.below
            .iter()
            .find(|(fetched, _)| fetched.covers(prefix))
            .into_iter()
            .flat_map(|(_, parameters)| parameters)
            .filter_map(|parameter| Some((prefix.relative(&parameter.name)?, parameter)))
    }

    /// One parameter, by a prefix or by its name.
    pub fn get(&self, asked: &ParameterRef) -> Option<&Rc<FetchedParameter>> {
        self.named.get(asked).or_else(|| {
            let (_, parameters) = self.below.iter().find(|(prefix, _)| prefix.includes(asked))?;
            let same = |parameter: &&Rc<FetchedParameter>| {
                spelled_alike(&parameter.name, asked.subject.as_str())
            };
            parameters.iter().find(same)
        })
    }
}

/// `/foo` and `foo` are one parameter.
pub fn spelled_alike(a: &str, b: &str) -> bool {
    a.strip_prefix('/').unwrap_or(a) == b.strip_prefix('/').unwrap_or(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        Prefix::parse(text).expect(text)
    }

    fn name(text: &str) -> ParameterRef {
        ParameterRef::parse(text).expect(text)
    }

    fn parameter(name: &str) -> FetchedParameter {
        FetchedParameter {
            name: name.to_owned(),
            value: Secret::new("canary".to_owned()),
            kind: None,
            version: None,
            modified: None,
            arn: None,
        }
    }

    #[test]
    fn a_parameter_is_found_by_a_prefix_or_by_its_name() {
        let mut fetched = Fetched::default();
        let below = ["/a/z", "/a/b/c"].map(parameter);
        fetched.add_below(prefix("/a"), below.into());
        fetched.add_named(name("d:2"), parameter("d"));
        for (asked, found) in [
            ("/a/b/c", Some("/a/b/c")),
            ("/a/b/c:1", None),
            ("/a/x", None),
            ("d:2", Some("d")),
            ("d", None),
        ] {
            let parameter = fetched.get(&name(asked));
            let parameter = parameter.map(|parameter| parameter.name.as_str());
            assert_eq!(parameter, found, "{asked}");
        }
        let paths = |text| {
            let prefix = prefix(text);
            let below = fetched.below(&prefix);
            below.map(|(path, _)| path).collect::<Vec<_>>()
        };
        assert_eq!(paths("/a"), ["b/c", "z"]);
        assert_eq!(paths("/a/b"), ["c"]);
        assert_eq!(paths("/b"), [""; 0]);
        assert!(spelled_alike("/x", "x") && !spelled_alike("/x", "y"));
    }

    #[test]
    fn a_prefix_takes_as_many_requests_as_it_had_pages() {
        let mut fetched = Fetched::default();
        fetched.set_pages(&prefix("/a"), 3);
        fetched.set_pages(&prefix("/b"), 2);
        let pages = ["/a", "/b", "/c"].map(|text| fetched.pages(&prefix(text)));
        assert_eq!(pages, [3, 2, 1]);
        let planned = ["/a", "/b"].map(|text| Request::Below(prefix(text)));
        let batch = Request::Batch(Vec::new());
        assert_eq!(fetched.requests(&planned), 5);
        assert_eq!(fetched.requests(&[batch.clone(), batch]), 2);
    }

    #[test]
    fn nothing_is_known_of_what_a_failed_request_would_have_returned() {
        let mut fetched = Fetched::default();
        assert!(matches!(fetched.answer(&name("/a/x")), Answer::Absent));
        fetched.add_failed(Request::Below(prefix("/a")));
        fetched.add_failed(Request::Batch(vec![name("/b:2")]));
        for (text, unknown) in [("/a/x", true), ("/b:2", true), ("/b", false), ("/c", false)] {
            let answer = fetched.answer(&name(text));
            assert_eq!(matches!(answer, Answer::Unknown), unknown, "{text}");
        }
        for (text, unknown) in [("/a", true), ("/a/b", true), ("/b", false)] {
            assert_eq!(fetched.is_unknown_below(&prefix(text)), unknown, "{text}");
        }
    }

    #[test]
    fn the_account_is_that_of_a_parameter_requested_by_its_name() {
        let account = |asked: &str, owner: &str| {
            let arn = format!("arn:aws:ssm:eu-west-1:{owner}:parameter/a");
            let mut fetched = Fetched::default();
            let arn = Some(arn);
            let parameter = parameter("/a");
            fetched.add_named(name(asked), FetchedParameter { arn, ..parameter });
            fetched.account()
        };
        let shared = "arn:aws:ssm:eu-west-1:444455556666:parameter/a";
        for (asked, owner, expected) in [
            ("/a", "111122223333", Some("111122223333")),
            (shared, "444455556666", None),
            // A public parameter has no account.
            ("/aws/service/x", "", None),
        ] {
            assert_eq!(account(asked, owner).as_deref(), expected, "{asked}");
        }
    }

    #[test]
    fn types_are_spelled_as_the_service_spells_them() {
        for (kind, text) in [
            (ParameterType::String, "String"),
            (ParameterType::StringList, "StringList"),
            (ParameterType::SecureString, "SecureString"),
        ] {
            assert_eq!(kind.word(), text);
        }
    }
}
