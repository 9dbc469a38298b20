//! The properties on inputs of proptest: bytes, and texts close to the syntax.

use proptest::prelude::*;
use ssm_exec_properties::*;

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..64)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_properties_hold_for_any_bytes(data in bytes()) {
        parameters(&data);
        config(&data);
        names(&data);
        fields(&data);
        durations(&data);
        responses(&data);
        identifiers(&data);
        variables(&data);
        contracts(&data);
    }

    #[test]
    fn rules_are_printed_as_parsed(
        rules in proptest::collection::vec("type = \"(text|integer|number|boolean|port|url|json|base64|pem|uuid)\"|min = -?[0-9]{1,3}(\\.5)?|max = [0-9]{1,20}|pattern = '[a-z()|?*+\\\\d{},$^]{0,9}'|one_of = \\[(\"[a-z$\\{\\}]{1,4}\",?){0,3}\\]|(min|max)_length = [0-9]{1,3}|secure = true|optional = (true|false)|schemes = \\[\"[a-z]{1,5}\"\\]|max_age = \"[0-9]{1,3}d\"|description = \"[a-z|`$\\{\\}]{0,8}\"", 0..4),
        value in "canary[0-9a-z=+/{}\" -]{0,12}|-?[0-9]{0,6}(\\.[0-9])?|[a-z]{1,6}://[a-z]{0,5}",
    ) {
        let mut names = std::collections::HashSet::new();
        let rules: Vec<String> = rules.into_iter().filter(|rule| names.insert(rule.split(' ').next().map(str::to_owned))).collect();
        contracts(format!("{{ {} }}\0{value}", rules.join(", ")).as_bytes());
    }

    #[test]
    fn identifiers_are_printed_as_parsed(
        text in "arn:(aws|aws-cn)?:(ssm|iam|sts):[a-z0-9-]{0,9}:[0-9]{0,12}:(role|assumed-role|parameter)?/[a-z/]{0,9}|[a-z]{2}-(gov-|iso-)?[a-z]{4,9}-[0-9]{1,2}[a-c]?|(https?|ftp)://([a-z]{1,4}:canary[a-z]{20}@)?(localhost|127\\.0\\.0\\.[0-9]{1,3}|\\[::[0-9a-f:]{0,5}\\]|[a-z.]{1,9})(:[0-9]{0,6})?(/[a-z?#@]{0,4})?"
    ) {
        identifiers(text.as_bytes());
    }

    #[test]
    fn environments_can_be_planned(
        entries in proptest::collection::vec("(SSM_EXEC_(PREFIX|KEY|JSON|FILE|ONLY|TIMEOUT|CASE|SKIP|STRICT|LOG|ALLOW|CONFIG)|AWS_(REGION|PROFILE|ENDPOINT_URL_SSM|CA_BUNDLE|ROLE_ARN)|X)=(ssm://)?[A-Z=/a-c:1, \n*{}é-]{0,12}", 0..4)
    ) {
        variables(entries.join("\0").as_bytes());
    }

    #[test]
    fn parameters_are_printed_as_parsed(text in "(ssm://|/|arn:aws:ssm:eu-west-1:111122223333:parameter)?[a-z./_-]{0,12}(:[a-z0-9]{0,4})?(#/?[a-z~01/]{0,8})?(\\?(optional|default=.*))?") {
        parameters(text.as_bytes());
    }

    #[test]
    fn configurations_can_be_planned(keys in proptest::collection::vec(("[A-Z]{1,3}", "/[a-c]{1,2}(:[1-3])?"), 0..40), prefix in "/[a-c]{1,2}") {
        let mut text = format!("prefix = [{prefix:?}]\n[keys]\n");
        for (name, key) in keys {
            text += &format!("{name} = {key:?}\n");
        }
        config(text.as_bytes());
    }

    #[test]
    fn derived_names_are_valid(text in "[a-zA-Z0-9/_.é-]{0,12}\0[A-Z_]{0,4}\0[A-Z*?{}\\[\\]]{0,8}\0(\\$?\\$\\{[A-Z]{0,3}(\\|(url|json))?\\}){0,3}") {
        names(text.as_bytes());
    }

    #[test]
    fn fields_are_what_serde_finds(field in "/?[ab01]/?[ab01]?", json in "\\{\"[ab]\": ?(\\{\"[ab]\": ?(1.50|null|\"x\\\\u00e9\")\\}|\\[1, ?\"a\"\\])\\}") {
        fields(format!("{field}\0{json}").as_bytes());
    }

    #[test]
    fn durations_are_printed_as_parsed(text in "([0-9]{1,20}(ns|us|ms|s|m|h|d|w|M|y) ?){1,3}") {
        durations(text.as_bytes());
    }

    #[test]
    fn values_are_returned_as_sent_or_not_at_all(
        kind in "[pks]",
        parts in proptest::collection::vec("(2\n\\{\"Parameters\":\\[(\\{\"Name\":\"(/p/x|/k/a|/k/b|plain)\",\"Value\":\"canary-value\"(,\"Version\":2)?\\},?){0,3}\\](,\"InvalidParameters\":\\[\"/k/a\"\\])?(,\"NextToken\":\"[ab]?\")?\\}|[459x](retry-after: [0-9a])?\n\\{\"__type\":\"(ThrottlingException|InvalidNextToken|ValidationException)\"\\})", 0..4),
    ) {
        responses(format!("{kind}{}", parts.join("\0")).as_bytes());
    }
}
