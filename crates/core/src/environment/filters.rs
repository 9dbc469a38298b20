//! Which patterns and allowed names had an effect.

use super::inherit;
use super::notice::{Filter, Notice};
use crate::config::Config;
use crate::inherited::Inherited;
use crate::origin::Given;
use crate::variable::{Glob, Naming, VariableName};

/// What has become of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Use {
    /// There was no name that it could match, such as those of an optional source that is absent.
    Never,
    /// It has matched no name yet.
    Unmatched,
    /// Nor that, but this pattern has, which is the same in upper or lower case.
    OtherCase(Glob),
    /// It has matched a name.
    Matched,
}

impl Use {
    fn other_case(&self) -> Option<Glob> {
        match self {
            Self::OtherCase(glob) => Some(glob.clone()),
            Self::Never | Self::Unmatched | Self::Matched => None,
        }
    }

    /// Notes one more name.
    fn see(&mut self, glob: &Glob, matches: impl Fn(&Glob) -> bool) {
        if *self == Self::Matched {
            return;
        }
        if matches(glob) {
            *self = Self::Matched;
        } else if matches!(self, Self::Never | Self::Unmatched) {
            let mut others = glob.in_other_case().into_iter();
            *self = others
                .find(|other| matches(other))
                .map_or(Self::Unmatched, Self::OtherCase);
        }
    }
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
            match filter {
                Filter::Only | Filter::Exclude => {}
                Filter::Drop => *used = Use::Unmatched,
                Filter::Keep => {
                    *used = Use::Unmatched;
                    for (name, _) in inherited.entries() {
                        used.see(&glob.value, |glob| inherit::is_match(glob, name));
                    }
                }
            }
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
            if own.contains(glob) {
                used.see(&glob.value, |glob| naming.is_match(glob, name));
            }
        }
    }

    /// The patterns in another case that would have matched, of these.
    pub(super) fn in_other_case(&self, only: &[Given<Glob>]) -> Vec<Glob> {
        let own = self
            .patterns
            .iter()
            .filter(|(filter, glob, _)| *filter == Filter::Only && only.contains(glob));
        own.filter_map(|(_, _, used)| used.other_case()).collect()
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
            if *filter == Filter::Drop {
                used.see(&glob.value, |glob| glob.matches(name));
                drops |= glob.value.matches(name);
            }
        }
        drops
    }

    /// What had no effect.
    pub(super) fn notices(self) -> Vec<Notice> {
        let fetched = self.fetched;
        let patterns = self.patterns.into_iter().filter(|(filter, _, used)| {
            matches!(used, Use::Unmatched | Use::OtherCase(_))
                && (fetched || *filter == Filter::Keep)
        });
        let allowed = self
            .allowed
            .into_iter()
            .filter(|(_, used)| fetched && !used);
        patterns
            .map(|(filter, glob, used)| Notice::Unmatched {
                filter,
                glob: glob.clone(),
                meant: used.other_case(),
            })
            .chain(allowed.map(|(name, _)| Notice::AllowWithoutEffect { name: name.clone() }))
            .collect()
    }
}
