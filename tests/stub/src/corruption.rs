//! Corruptions of regular responses, which a client must detect.

use serde_json::{Value, json};

/// How a response is corrupted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Corruption {
    /// No parameter has a `Value`.
    NoValue,
    /// It contains a parameter that was not requested.
    Unrequested,
    /// The first parameter is neither returned nor listed as invalid.
    Omitted,
    /// Every parameter is listed as invalid.
    AllInvalid,
    /// There is always a next page, with this token.
    Token(String),
    /// There is always a next page, with a different token each time. Each page has the parameters of the
    /// first page this many times, under new names.
    EndlessPages(usize),
    /// The first parameter is returned this many times under different names.
    Repeated(usize),
    /// A member is replaced, or removed by `null`.
    Member(&'static str, Value),
}

impl Corruption {
    /// Removes the token that the corruption sent from a request, which then asks for the first page again.
    /// Returns the number of the page.
    pub(crate) fn accept(&self, request: &mut Value) -> u64 {
        let token = request["NextToken"].as_str().unwrap_or_default();
        let page = token.parse().unwrap_or(0);
        match self {
            Self::Token(sent) if sent == token => drop(request["NextToken"].take()),
            Self::EndlessPages(_) => drop(request["NextToken"].take()),
            _ => {}
        }
        page
    }

    pub(crate) fn apply(&self, response: &mut Value, page: u64) {
        match self {
            Self::NoValue => each(response, |parameter| {
                parameter.as_object_mut().map(|members| members.remove("Value"));
            }),
            Self::Unrequested => {
                let unrequested = json!({
                    "Name": "/unrequested/parameter", "Type": "String", "Value": "unrequested", "Version": 1,
                    "LastModifiedDate": 1_700_000_000.25, "DataType": "text",
                    "ARN": "arn:aws:ssm:eu-west-1:111122223333:parameter/unrequested/parameter",
                });
                if let Some(list) = list(response) {
                    list.push(unrequested);
                } else {
                    response["Parameter"] = unrequested;
                }
            }
            Self::Omitted => match list(response) {
                Some(list) if !list.is_empty() => drop(list.remove(0)),
                Some(_) => {}
                None => *response = json!({}),
            },
            Self::AllInvalid => {
                let names: Vec<Value> = list(response)
                    .map(std::mem::take)
                    .into_iter()
                    .flatten()
                    .map(|parameter| parameter["Name"].clone())
                    .collect();
                response["InvalidParameters"] = names.into();
            }
            Self::Token(token) => response["NextToken"] = token.as_str().into(),
            Self::EndlessPages(count) => {
                if let Some(list) = list(response) {
                    let renamed = |n: usize| {
                        list.iter().map(move |parameter| {
                            let name = parameter["Name"].as_str().unwrap_or_default();
                            let mut copy = parameter.clone();
                            copy["Name"] = format!("{name}-{page}-{n}").into();
                            copy
                        })
                    };
                    *list = (0..*count).flat_map(renamed).collect();
                }
                response["NextToken"] = (page + 1).to_string().into();
            }
            Self::Repeated(count) => {
                if let Some(list) = list(response)
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
                response.as_object_mut().map(|members| members.remove(*name));
            }
            Self::Member(name, value) => response[*name] = value.clone(),
        }
    }
}

fn list(response: &mut Value) -> Option<&mut Vec<Value>> {
    response.get_mut("Parameters")?.as_array_mut()
}

fn each(response: &mut Value, change: impl Fn(&mut Value)) {
    if let Some(list) = list(response) {
        list.iter_mut().for_each(&change);
    } else if let Some(one) = response.get_mut("Parameter") {
        change(one);
    }
}
