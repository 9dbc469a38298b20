//! From the rules of the file to a contract.

use super::{ContractSpec, Pattern, RULES, Rule, RuleValue, TypeName, ValueType};
use crate::config::duration;
use crate::diagnostic::Diagnostic;
use crate::origin::{Given, Origin};
use crate::words::unknown_word;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// The rules of one variable that have not been used yet.
struct RuleReader {
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
    pub fn parse(spec: ContractSpec, origin: Origin) -> Result<Self, Diagnostic> {
        for (name, given) in &spec.rules {
            if !RULES.contains(&name.as_str()) {
                return Err(unknown_word(name, RULES).at(given.origin.clone()));
            }
        }
        let mut rules = RuleReader {
            origin: origin.clone(),
            rules: spec.rules.into_iter().collect(),
            type_name: TypeName::Text,
        };
        let value_type = rules.value_type()?;
        let (min_length, max_length) = rules.lengths(&value_type)?;
        let rule = Self {
            pattern: rules.pattern(&value_type)?,
            value_type,
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
            let type_name = rules.type_name.word();
            let message = format!("`{name}` does not apply to the type `{type_name}`");
            let error = Diagnostic::invalid(message, "Remove it, or correct the type");
            return Err(error.at(given.origin.clone()));
        }
        rule.check_one_of()
    }

    /// A word that the other rules forbid can never be the value.
    fn check_one_of(self) -> Result<Self, Diagnostic> {
        let others = Self { one_of: Vec::new(), ..self.clone() };
        for word in &self.one_of {
            if let Some(violation) = others.violations(word.as_bytes()).first() {
                let message =
                    format!("`one_of` has `{word}`, which another rule forbids: it {violation}");
                return Err(contradiction(message, self.origin));
            }
        }
        Ok(self)
    }
}

/// The error for rules that no value satisfies.
fn contradiction(message: String, origin: Origin) -> Diagnostic {
    Diagnostic::invalid(message, "Remove one of the two rules, or correct it").at(origin)
}

impl RuleReader {
    fn value_type(&mut self) -> Result<ValueType, Diagnostic> {
        let name = self.parsed("type", TypeName::parse)?;
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
                schemes: self.words(
                    "schemes",
                    |it| ValueType::is_scheme(it) && it.to_ascii_lowercase() == it,
                    "Write `https` or `postgres`, in lower case and without `://`",
                )?,
            },
            TypeName::Json => ValueType::Json,
            TypeName::Base64 => ValueType::Base64,
            TypeName::Pem => ValueType::Pem {
                labels: self.words(
                    "label",
                    |it| !it.is_empty() && !it.contains('-') && it.trim() == it,
                    "Write what stands after `BEGIN`, such as `CERTIFICATE`",
                )?,
            },
            TypeName::Uuid => ValueType::Uuid,
            TypeName::Text => ValueType::Text,
        })
    }

    /// A list of words in which each must have a form.
    fn words(
        &mut self,
        name: &str,
        is_valid: fn(&str) -> bool,
        correction: &str,
    ) -> Result<Vec<String>, Diagnostic> {
        let origin = self.origin_of(name);
        let words = self.texts(name)?;
        match words.iter().find(|word| !is_valid(word)) {
            None => Ok(words),
            Some(word) => {
                let message = format!("`{word}` is no value of `{name}`");
                Err(Diagnostic::invalid(message, correction).at(origin))
            }
        }
    }

    /// The lengths that are allowed: some value of the type must have one of them.
    fn lengths(
        &mut self,
        value_type: &ValueType,
    ) -> Result<(Option<u64>, Option<u64>), Diagnostic> {
        let origins = ["min_length", "max_length"].map(|name| self.origin_of(name));
        let (min, max) = self.limits("min_length", "max_length")?;
        let (shortest, longest) = value_type.lengths();
        let type_name = self.type_name.word();
        let [min_origin, max_origin] = origins;
        if let Some(max) = max.filter(|&max| max < shortest) {
            let message =
                format!("`max_length` is {max}, but no {type_name} is shorter than {shortest}");
            return Err(contradiction(message, max_origin));
        }
        if let Some(min) = min.filter(|&min| longest.is_some_and(|longest| min > longest)) {
            let message = format!("`min_length` is {min}, but no {type_name} is that long");
            return Err(contradiction(message, min_origin));
        }
        Ok((min, max))
    }

    /// A pattern. Where the values of the type can be counted, one of them must match.
    fn pattern(&mut self, value_type: &ValueType) -> Result<Option<Pattern>, Diagnostic> {
        let origin = self.origin_of("pattern");
        let Some(pattern) = self.parsed("pattern", Pattern::parse)? else {
            return Ok(None);
        };
        let mut values = value_type.values();
        if values.as_mut().is_some_and(|values| !values.any(|value| pattern.matches(&value))) {
            let (text, type_name) = (pattern.as_str(), self.type_name.word());
            let message = format!("the pattern `{text}` matches no {type_name}");
            return Err(contradiction(message, origin));
        }
        Ok(Some(pattern))
    }

    /// Two numbers of which the first may not be larger.
    fn limits<T: FromStr + PartialOrd + Display>(
        &mut self,
        min: &str,
        max: &str,
    ) -> Result<(Option<T>, Option<T>), Diagnostic> {
        let origin = self.origin_of(min);
        let (low, high) = (self.number::<T>(min)?, self.number::<T>(max)?);
        match (&low, &high) {
            (Some(low), Some(high)) if low > high => {
                let message = format!("`{min}` is {low}, which is more than `{max}`, {high}");
                Err(contradiction(message, origin))
            }
            _ => Ok((low, high)),
        }
    }

    fn number<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, Diagnostic> {
        let Some(Given { value, origin }) = self.rules.remove(name) else {
            return Ok(None);
        };
        let number = match &value {
            RuleValue::Integer(text) => text.parse().ok(),
            // TOML has `nan` and `inf`, which limit nothing.
            RuleValue::Float(text) if text.parse().is_ok_and(f64::is_finite) => text.parse().ok(),
            _ => None,
        };
        let expected = match self.type_name {
            TypeName::Number => "a finite number",
            _ => "a whole number that fits",
        };
        let number = number.ok_or_else(|| {
            let correction = format!("Write it without quotation marks, as in `{name} = 1`");
            Diagnostic::invalid(format!("`{name}` must be {expected}"), correction).at(origin)
        })?;
        Ok(Some(number))
    }

    fn switch(&mut self, name: &str) -> Result<bool, Diagnostic> {
        match self.rules.remove(name) {
            None => Ok(false),
            Some(Given { value: RuleValue::Switch(on), .. }) => Ok(on),
            Some(given) => {
                let message = format!("`{name}` must be `true` or `false`");
                let correction = format!("Write `{name} = true`, or remove it");
                Err(Diagnostic::invalid(message, correction).at(given.origin))
            }
        }
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, Diagnostic>,
    ) -> Result<Option<T>, Diagnostic> {
        let Some(Given { value, origin }) = self.rules.remove(name) else {
            return Ok(None);
        };
        let RuleValue::Text(text) = value else {
            let message = format!("`{name}` must be a string");
            let correction = format!("Write it in quotation marks: `{name} = \"…\"`");
            return Err(Diagnostic::invalid(message, correction).at(origin));
        };
        parse(&text).map(Some).map_err(|error| error.at(origin))
    }

    /// A list of strings that is not empty; one string is a list of one.
    fn texts(&mut self, name: &str) -> Result<Vec<String>, Diagnostic> {
        let Some(Given { value, origin }) = self.rules.remove(name) else {
            return Ok(Vec::new());
        };
        let (message, correction) = match value {
            RuleValue::Text(text) => return Ok(vec![text]),
            RuleValue::Texts(texts) if !texts.is_empty() => return Ok(texts),
            RuleValue::Texts(_) => {
                let message = "is empty, so that no value would be allowed";
                (message, "Remove it".to_owned())
            }
            _ => ("must be a list of strings", format!("Write `{name} = [\"…\"]`")),
        };
        Err(Diagnostic::invalid(format!("`{name}` {message}"), correction).at(origin))
    }

    fn origin_of(&self, name: &str) -> Origin {
        let given = self.rules.get(name).map(|given| &given.origin);
        given.unwrap_or(&self.origin).clone()
    }
}
