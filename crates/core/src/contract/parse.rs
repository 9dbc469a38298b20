//! From the rules of the file to a contract.

use super::{ContractSpec, Pattern, RULES, Rule, RuleValue, TypeName, ValueType};
use crate::config::duration;
use crate::origin::{Given, Origin};
use crate::words::unknown_word;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// A rule that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// Where it was given.
    pub origin: Origin,
    /// What is wrong, as the rest of a sentence.
    pub reason: String,
}

/// The rules of one variable that have not been used yet.
struct Rules {
    origin: Origin,
    rules: BTreeMap<String, Given<RuleValue>>,
    type_name: TypeName,
}

impl Rule {
    /// Reads the rules for one variable. `origin` is where they begin.
    ///
    /// # Errors
    /// For an unknown rule or type, a rule with a value that it cannot have, one that does not apply to
    /// the type, and rules that contradict one another.
    pub fn parse(spec: ContractSpec, origin: Origin) -> Result<Self, RuleError> {
        for (name, given) in &spec.rules {
            if !RULES.contains(&name.as_str()) {
                let reason = format!("the rule `{name}` {}", unknown_word(name, RULES));
                return Err(RuleError {
                    origin: given.origin.clone(),
                    reason,
                });
            }
        }
        let mut rules = Rules {
            origin: origin.clone(),
            rules: spec.rules.into_iter().collect(),
            type_name: TypeName::Text,
        };
        let value_type = rules.value_type()?;
        let (min_length, max_length) = rules.limits("min_length", "max_length")?;
        if let Some(0) = max_length {
            return Err(rules.error("has `max_length = 0`, but no value may be empty"));
        }
        let rule = Self {
            value_type,
            pattern: rules.parsed("pattern", |text| {
                Pattern::parse(text).map_err(|reason| format!("is not a valid pattern: {reason}"))
            })?,
            one_of: rules.texts("one_of")?,
            min_length,
            max_length,
            secure: rules.switch("secure")?,
            optional: rules.switch("optional")?,
            description: rules.parsed("description", |text| Ok(text.to_owned()))?,
            max_age: rules.parsed("max_age", duration::parse_age)?,
            origin,
        };
        if let Some((name, given)) = rules.rules.first_key_value() {
            return Err(RuleError {
                origin: given.origin.clone(),
                reason: format!(
                    "`{name}` does not apply to the type `{}`",
                    rules.type_name.word()
                ),
            });
        }
        rule.check_one_of()
    }

    /// A word that the other rules forbid can never be the value.
    fn check_one_of(self) -> Result<Self, RuleError> {
        let others = Self {
            one_of: Vec::new(),
            ..self.clone()
        };
        for word in &self.one_of {
            if let Some(violation) = others.violations(word.as_bytes()).first() {
                return Err(RuleError {
                    origin: self.origin,
                    reason: format!(
                        "`one_of` has `{word}`, which another rule forbids: it {violation}"
                    ),
                });
            }
        }
        Ok(self)
    }
}

impl Rules {
    fn value_type(&mut self) -> Result<ValueType, RuleError> {
        let name = self.parsed("type", |text| {
            TypeName::parse(text).map_err(|reason| format!("as a type {reason}"))
        })?;
        self.type_name = name.unwrap_or(TypeName::Text);
        Ok(match self.type_name {
            TypeName::Integer => {
                let (min, max) = self.limits("min", "max")?;
                ValueType::Integer { min, max }
            }
            TypeName::Number => {
                let (min, max) = self.limits("min", "max")?;
                ValueType::Number { min, max }
            }
            TypeName::Boolean => ValueType::Boolean,
            TypeName::Port => ValueType::Port,
            TypeName::Url => ValueType::Url {
                schemes: self.schemes()?,
            },
            TypeName::Json => ValueType::Json,
            TypeName::Base64 => ValueType::Base64,
            TypeName::Pem => ValueType::Pem {
                labels: self.texts("label")?,
            },
            TypeName::Uuid => ValueType::Uuid,
            TypeName::Text => ValueType::Text,
        })
    }

    fn schemes(&mut self) -> Result<Vec<String>, RuleError> {
        let origin = self.origin_of("schemes");
        let schemes = self.texts("schemes")?;
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
        match schemes.iter().find(|scheme| !scheme.chars().all(allowed)) {
            None => Ok(schemes),
            Some(scheme) => Err(RuleError {
                origin,
                reason: format!(
                    "`{scheme}` is not the name of a scheme, such as `https` or `postgres`, in lower case and without `://`"
                ),
            }),
        }
    }

    /// Two numbers of which the first may not be larger.
    fn limits<T: FromStr + PartialOrd + Display>(
        &mut self,
        min: &str,
        max: &str,
    ) -> Result<(Option<T>, Option<T>), RuleError> {
        let origin = self.origin_of(min);
        let (low, high) = (self.number::<T>(min)?, self.number::<T>(max)?);
        match (&low, &high) {
            (Some(low), Some(high)) if low > high => Err(RuleError {
                origin,
                reason: format!("`{min}` is {low}, which is more than `{max}`, {high}"),
            }),
            _ => Ok((low, high)),
        }
    }

    fn number<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, RuleError> {
        let Some(Given { value, origin }) = self.rules.remove(name) else {
            return Ok(None);
        };
        let number = match &value {
            RuleValue::Integer(text) => text.parse().ok(),
            // TOML has `nan` and `inf`, which limit nothing.
            RuleValue::Float(text) if text.parse().is_ok_and(f64::is_finite) => text.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(RuleError {
                origin,
                reason: match self.type_name {
                    TypeName::Number => format!("`{name}` must be a finite number"),
                    _ => format!("`{name}` must be a whole number that fits"),
                },
            }),
        }
    }

    fn switch(&mut self, name: &str) -> Result<bool, RuleError> {
        match self.rules.remove(name) {
            None => Ok(false),
            Some(Given {
                value: RuleValue::Switch(on),
                ..
            }) => Ok(on),
            Some(Given { origin, .. }) => Err(RuleError {
                origin,
                reason: format!("`{name}` must be `true` or `false`"),
            }),
        }
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, RuleError> {
        let Some(Given { value, origin }) = self.rules.remove(name) else {
            return Ok(None);
        };
        let RuleValue::Text(text) = value else {
            return Err(RuleError {
                origin,
                reason: format!("`{name}` must be a string"),
            });
        };
        match parse(&text) {
            Ok(value) => Ok(Some(value)),
            Err(reason) => Err(RuleError {
                origin,
                reason: format!("`{text}` {reason}"),
            }),
        }
    }

    /// A list of strings that is not empty; one string is a list of one.
    fn texts(&mut self, name: &str) -> Result<Vec<String>, RuleError> {
        let Some(Given { value, origin }) = self.rules.remove(name) else {
            return Ok(Vec::new());
        };
        let error = |reason| Err(RuleError { origin, reason });
        match value {
            RuleValue::Text(text) => Ok(vec![text]),
            RuleValue::Texts(texts) if texts.is_empty() => error(format!(
                "`{name}` is empty, so that no value would be allowed"
            )),
            RuleValue::Texts(texts) => Ok(texts),
            _ => error(format!("`{name}` must be a list of strings")),
        }
    }

    fn origin_of(&self, name: &str) -> Origin {
        let given = self.rules.get(name).map(|given| &given.origin);
        given.unwrap_or(&self.origin).clone()
    }

    fn error(&self, reason: &str) -> RuleError {
        RuleError {
            origin: self.origin.clone(),
            reason: reason.to_owned(),
        }
    }
}
