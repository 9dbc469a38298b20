//! What one level of configuration gives: texts, each with the place where it was given. The command
//! line, the variables and the file each make one [`super::Layer`]; the stronger overrides the weaker.

use crate::contract::ContractSpec;
use crate::origin::{Given, Origin};
use std::collections::HashSet;

/// One value.
pub type One<T> = Option<Given<T>>;

/// A list that one level gives as a whole.
pub type List<T> = Option<Vec<Given<T>>>;

/// A prefix or a JSON object, with naming rules of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathSpec {
    /// The path, or the parameter that holds the object.
    pub text: String,
    /// Whether it may have no parameter.
    pub optional: bool,
    /// Its own naming rules.
    pub naming: NamingSpec,
}

/// How names are made from paths: for all sources, or for one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamingSpec {
    pub only: List<String>,
    pub exclude: List<String>,
    pub name_prefix: One<String>,
    pub case: One<String>,
}

impl PathSpec {
    /// A path without rules of its own.
    pub fn from_text(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }
}

/// Where the value of a key or a file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Param(String),
    Template(TemplateSpec),
}

/// A template, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateSpec {
    /// The file that it is in, if it has one of its own.
    pub path: Option<String>,
    /// The text; that of a file once [`super::Layer::read_templates`] has read it.
    pub text: String,
}

impl Default for Content {
    fn default() -> Self {
        Self::Param(String::new())
    }
}

/// One value for one variable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySpec {
    /// The variable's name; made from the parameter's name if absent.
    pub name: Option<String>,
    /// Where its value comes from. What follows is for a parameter.
    pub content: Content,
    /// Whether it may be missing.
    pub optional: bool,
    /// Used when it is missing.
    pub default: Option<String>,
    /// How the value is encoded.
    pub encoding: Option<String>,
    /// Its maximum age, for `check`.
    pub max_age: Option<String>,
}

impl KeySpec {
    /// Its parameter, if it has one.
    pub fn param(&self) -> Option<&str> {
        match &self.content {
            Content::Param(param) => Some(param),
            Content::Template(_) => None,
        }
    }

    /// Reads `[NAME=]PARAM`.
    pub fn from_text(text: &str) -> Self {
        let (name, param) = match text.split_once('=') {
            Some((name, param)) => (Some(name.to_owned()), param),
            None => (None, text),
        };
        Self { name, content: Content::Param(param.to_owned()), ..Self::default() }
    }
}

/// A name and a text of the file.
pub type Pair = (String, String);

/// A field of a layer, to be written by a reader that knows only the setting's kind.
#[derive(Debug)]
pub enum Slot<'a> {
    Switch(&'a mut One<bool>),
    Text(&'a mut One<String>),
    List(&'a mut List<String>),
    /// Prefixes or JSON objects.
    Paths(&'a mut List<PathSpec>),
    /// Keys or files.
    Keys(&'a mut List<KeySpec>),
    /// The rules of the contract.
    Contract(&'a mut List<ContractSpec>),
    /// Texts by name.
    Pairs(&'a mut List<Pair>),
}

/// What a field of a layer must know.
pub(super) trait LayerField: Sized {
    /// Where a list was given; a single value has none.
    fn list_origin(&self) -> Option<&Origin>;
    fn slot(&mut self) -> Slot<'_>;
    /// Overrides the rest of the file with a stage's field: lists replace, tables merge by name.
    fn merged_over(self, weaker: Self) -> Self;
}

macro_rules! field {
    ($type:ty, $slot:ident, $origin:expr, $self:ident, $weaker:ident => $merged:expr) => {
        impl LayerField for $type {
            fn list_origin(&self) -> Option<&Origin> {
                let origin: fn(&$type) -> Option<&Origin> = $origin;
                origin(self)
            }

            fn slot(&mut self) -> Slot<'_> {
                Slot::$slot(self)
            }

            fn merged_over($self, $weaker: Self) -> Self {
                $merged
            }
        }
    };
}

field!(One<bool>, Switch, |_| None, self, weaker => self.or(weaker));
field!(One<String>, Text, |_| None, self, weaker => self.or(weaker));
field!(List<String>, List, first, self, weaker => self.or(weaker));
field!(List<PathSpec>, Paths, first, self, weaker => self.or(weaker));
field!(List<KeySpec>, Keys, first, self, weaker => merge(self, weaker, |key| key.name.as_ref()));
field!(List<ContractSpec>, Contract, first, self, weaker => merge(self, weaker, |spec| Some(&spec.name)));
field!(List<Pair>, Pairs, first, self, weaker => merge(self, weaker, |(name, _)| Some(name)));

/// Where a value was given.
pub(super) fn place<T>(one: &One<T>) -> Option<&Origin> {
    one.as_ref().map(|given| &given.origin)
}

/// Where a list was given.
pub(super) fn first<T>(list: &List<T>) -> Option<&Origin> {
    Some(&list.as_ref()?.first()?.origin)
}

/// The stronger list, and what the weaker one has under other names.
fn merge<T>(stronger: List<T>, weaker: List<T>, name: impl Fn(&T) -> Option<&String>) -> List<T> {
    let Some(mut merged) = stronger else {
        return weaker;
    };
    let known = merged.iter().filter_map(|one| name(&one.value));
    let known: HashSet<String> = known.cloned().collect();
    let others = weaker.into_iter().flatten();
    merged.extend(others.filter(|one| name(&one.value).is_none_or(|name| !known.contains(name))));
    Some(merged)
}
