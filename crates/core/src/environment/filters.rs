//! Which patterns and allowed names had an effect.

use super::inherit;
use super::notice::{Filter, Notice};
use crate::config::Config;
use crate::inherited::Inherited;
use crate::origin::Given;
use crate::variable::{Glob, Naming, VariableName};

/// What has become of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// There was no name that it could match, such as those of an optional source that is absent.
    Never,
    /// It has matched no name yet.
    Unmatched,
    /// It has matched a name.
    Matched,
}

/// The patterns and allowed names of a configuration, each with whether it had an effect.
#[derive(Debug, Default)]
pub(super) struct Filters<'a> {
    patterns: Vec<(Filter, &'a Given<Glob>, Use)>,
    allowed: Vec<(&'a Given<VariableName>, bool)>,
    /// Without values, the patterns over them say nothing.
    fetched: bool,
}

impl<'a> Filters<'a> {
    pub(super) fn new(config: &'a Config, inherited: &Inherited<'_>, fetched: bool) -> Self {
        let namings = config.sources.prefixes.iter().map(|source| &source.naming);
        let namings = namings.chain(config.sources.objects.iter().map(|source| &source.naming));
        let mut patterns: Vec<(Filter, &Given<Glob>, Use)> = Vec::new();
        let mut add = |filter, globs: &'a [Given<Glob>]| {
            for glob in globs {
                // Sources without filters of their own share those for all.
                if !patterns
                    .iter()
                    .any(|&(other, known, _)| other == filter && known == glob)
                {
                    patterns.push((filter, glob, Use::Never));
                }
            }
        };
        for naming in namings {
            add(Filter::Only, &naming.only);
            add(Filter::Exclude, &naming.exclude);
        }
        add(Filter::Drop, &config.rules.drop);
        if let Some(keep) = &config.rules.pristine {
            add(Filter::Keep, keep);
        }
        for (filter, glob, used) in &mut patterns {
            *used = match filter {
                Filter::Only | Filter::Exclude => Use::Never,
                Filter::Drop => Use::Unmatched,
                Filter::Keep => {
                    let mut entries = inherited.entries();
                    match entries.any(|(name, _)| inherit::is_match(glob, name)) {
                        true => Use::Matched,
                        false => Use::Unmatched,
                    }
                }
            };
        }
        Self {
            patterns,
            allowed: config
                .rules
                .allow
                .iter()
                .map(|name| (name, false))
                .collect(),
            fetched,
        }
    }

    /// Notes the patterns of a source that match a name.
    pub(super) fn see(&mut self, naming: &Naming, name: &str) {
        for (filter, glob, used) in &mut self.patterns {
            let own = match filter {
                Filter::Only => &naming.only,
                Filter::Exclude => &naming.exclude,
                Filter::Keep | Filter::Drop => continue,
            };
            if *used != Use::Matched && own.contains(glob) {
                *used = match naming.is_match(&glob.value, name) {
                    true => Use::Matched,
                    false => Use::Unmatched,
                };
            }
        }
    }

    /// Whether a refused name is allowed.
    pub(super) fn allows(&mut self, name: &VariableName) -> bool {
        let allowed = self
            .allowed
            .iter_mut()
            .find(|(allowed, _)| allowed.value == *name);
        allowed.is_some_and(|(_, used)| {
            *used = true;
            true
        })
    }

    /// Whether a variable is left out of the final environment.
    pub(super) fn drops(&mut self, name: &str) -> bool {
        let mut drops = false;
        for (filter, glob, used) in &mut self.patterns {
            if *filter == Filter::Drop && glob.value.matches(name) {
                *used = Use::Matched;
                drops = true;
            }
        }
        drops
    }

    /// What had no effect.
    pub(super) fn notices(self) -> Vec<Notice> {
        let fetched = self.fetched;
        let patterns = self.patterns.into_iter().filter(|(filter, _, used)| {
            *used == Use::Unmatched && (fetched || *filter == Filter::Keep)
        });
        let allowed = self
            .allowed
            .into_iter()
            .filter(|(_, used)| fetched && !used);
        patterns
            .map(|(filter, glob, _)| Notice::Unmatched {
                filter,
                glob: glob.clone(),
            })
            .chain(allowed.map(|(name, _)| Notice::AllowWithoutEffect { name: name.clone() }))
            .collect()
    }
}
