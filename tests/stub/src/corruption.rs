//! True answers corrupted out of shape: what a client must not take for the truth.

use serde_json::{Value, json};

/// How an answer is corrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Corruption {
    /// No parameter has a `Value`.
    NoValue,
    /// There is a parameter that nobody asked for.
    Unrequested,
    /// The first parameter is missing, and isn't among the invalid ones either.
    Omitted,
    /// Every parameter is among the invalid ones.
    AllInvalid,
    /// There is a next page, always by this token.
    Token(String),
    /// The first parameter comes so many times, under names of its own.
    Repeated(usize),
    /// A member is set to something else; `null` takes it away.
    Member(&'static str, Value),
}

impl Corruption {
    /// Removes the token that [`Self::Token`] sent from a request: it asks for the first page again.
    pub(crate) fn accept(&self, request: &mut Value) {
        if let Self::Token(token) = self
            && request["NextToken"] == token.as_str()
        {
            request["NextToken"].take();
        }
    }

    pub(crate) fn apply(&self, answer: &mut Value) {
        match self {
            Self::NoValue => each(answer, |parameter| {
                parameter
                    .as_object_mut()
                    .map(|members| members.remove("Value"));
            }),
            Self::Unrequested => {
                let unrequested = json!({
                    "Name": "/unrequested/parameter", "Type": "String", "Value": "unrequested", "Version": 1,
                    "LastModifiedDate": 1_700_000_000.25, "DataType": "text",
                    "ARN": "arn:aws:ssm:eu-west-1:111122223333:parameter/unrequested/parameter",
                });
                if let Some(list) = list(answer) {
                    list.push(unrequested);
                } else {
                    answer["Parameter"] = unrequested;
                }
            }
            Self::Omitted => match list(answer) {
                Some(list) if !list.is_empty() => drop(list.remove(0)),
                Some(_) => {}
                None => *answer = json!({}),
            },
            Self::AllInvalid => {
                let names: Vec<Value> = list(answer)
                    .map(std::mem::take)
                    .into_iter()
                    .flatten()
                    .map(|parameter| parameter["Name"].clone())
                    .collect();
                answer["InvalidParameters"] = names.into();
            }
            Self::Token(token) => answer["NextToken"] = token.as_str().into(),
            Self::Repeated(count) => {
                if let Some(list) = list(answer)
                    && let Some(first) = list.first().cloned()
                {
                    let name = first["Name"].as_str().unwrap_or_default();
                    *list = (0..*count)
                        .map(|n| {
                            let mut copy = first.clone();
                            copy["Name"] = format!("{name}-{n}").into();
                            copy
                        })
                        .collect();
                }
            }
            Self::Member(name, Value::Null) => {
                answer.as_object_mut().map(|members| members.remove(*name));
            }
            Self::Member(name, value) => answer[*name] = value.clone(),
        }
    }
}

fn list(answer: &mut Value) -> Option<&mut Vec<Value>> {
    answer.get_mut("Parameters")?.as_array_mut()
}

fn each(answer: &mut Value, change: impl Fn(&mut Value)) {
    if let Some(list) = list(answer) {
        list.iter_mut().for_each(&change);
    } else if let Some(one) = answer.get_mut("Parameter") {
        change(one);
    }
}
