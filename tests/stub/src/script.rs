//! The faults that are injected, and into which requests.

use crate::fault::Fault;
use serde_json::Value;

#[derive(Debug, Clone, Copy)]
enum Turn {
    /// The next ones, this many.
    Next(usize),
    /// Only the nth from now on, counted from one.
    Nth(usize),
    Every,
}

/// Selects the requests for a fault.
#[derive(Debug, Clone)]
pub struct When {
    turn: Turn,
    action: Option<String>,
    naming: Option<String>,
}

impl When {
    /// The next requests, this many.
    #[must_use]
    pub fn next(count: usize) -> Self {
        Self::turn(Turn::Next(count))
    }

    /// The nth request from now on, counted from one.
    #[must_use]
    pub fn nth(n: usize) -> Self {
        Self::turn(Turn::Nth(n))
    }

    /// Every request that no other rule selects.
    #[must_use]
    pub fn every() -> Self {
        Self::turn(Turn::Every)
    }

    fn turn(turn: Turn) -> Self {
        Self { turn, action: None, naming: None }
    }

    /// Only requests with this action (without `AmazonSSM.`).
    #[must_use]
    pub fn action(mut self, action: &str) -> Self {
        self.action = Some(action.to_owned());
        self
    }

    /// Only requests for this name or path.
    #[must_use]
    pub fn naming(mut self, name: &str) -> Self {
        self.naming = Some(name.to_owned());
        self
    }

    fn matches(&self, action: &str, body: &Value) -> bool {
        self.action.as_ref().is_none_or(|expected| expected == action)
            && self.naming.as_deref().is_none_or(|expected| {
                body["Name"] == expected
                    || body["Path"] == expected
                    || body["Names"]
                        .as_array()
                        .is_some_and(|names| names.iter().any(|name| name == expected))
            })
    }
}

#[derive(Debug)]
struct Rule {
    when: When,
    fault: Fault,
}

/// All rules, in order; those for every request are applied last.
#[derive(Debug, Default)]
pub(crate) struct Script(Vec<Rule>);

impl Script {
    pub(crate) fn push(&mut self, when: When, fault: Fault) {
        self.0.push(Rule { when, fault });
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for a request.
    pub(crate) fn take(&mut self, action: &str, body: &Value) -> Option<Fault> {
        let mut chosen = None;
        for rule in &mut self.0 {
            if !rule.when.matches(action, body) {
                continue;
            }
            match &mut rule.when.turn {
                Turn::Nth(left) => {
                    *left = left.saturating_sub(1);
                    if *left == 0 && chosen.is_none() {
                        chosen = Some(rule.fault.clone());
                    }
                }
                Turn::Next(left) if chosen.is_none() => {
                    *left -= 1;
                    chosen = Some(rule.fault.clone());
                }
                Turn::Next(_) | Turn::Every => {}
            }
        }
        self.0.retain(|rule| !matches!(rule.when.turn, Turn::Next(0) | Turn::Nth(0)));
        chosen.or_else(|| {
            let every = |rule: &&Rule| {
                matches!(rule.when.turn, Turn::Every) && rule.when.matches(action, body)
            };
            self.0.iter().find(every).map(|rule| rule.fault.clone())
        })
    }
}
