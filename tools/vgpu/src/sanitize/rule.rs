//! What can be wrong: the sanitizers, their switches and their rules.

use thiserror::Error;

/// A family of rules with a switch of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Sanitizer {
    /// A bit that nothing has defined decides something.
    Uninit,
    /// A bit that nothing has defined is read.
    UninitStrict,
    /// A value is used before the wait that covers it.
    Wait,
    /// Two waves touch the same memory and nothing orders them.
    Race,
    /// An access outside of what it belongs to.
    Bounds,
    /// Instructions that follow each other too closely.
    Hazard,
    /// A cache may hold old data.
    Cache,
    /// Instructions are fetched from behind the code.
    Fetch,
    /// Use of what the descriptor has not allocated.
    Descriptor,
}

impl Sanitizer {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Uninit,
        Self::UninitStrict,
        Self::Wait,
        Self::Race,
        Self::Bounds,
        Self::Hazard,
        Self::Cache,
        Self::Fetch,
        Self::Descriptor,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uninit => "uninit",
            Self::UninitStrict => "uninit-strict",
            Self::Wait => "wait",
            Self::Race => "race",
            Self::Bounds => "bounds",
            Self::Hazard => "hazard",
            Self::Cache => "cache",
            Self::Fetch => "fetch",
            Self::Descriptor => "descriptor",
        }
    }
}

/// No sanitizer has this name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "no sanitizer is called {0:?}; there are uninit, uninit-strict, wait, race, bounds, hazard, cache, fetch, descriptor, and all or none"
)]
pub struct UnknownSanitizer(String);

/// Which sanitizers are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches(u16);

impl Switches {
    /// None.
    pub const NONE: Self = Self(0);
    /// All.
    pub const ALL: Self = Self((1 << Sanitizer::ALL.len()) - 1);

    /// These.
    #[must_use]
    pub fn of(sanitizers: &[Sanitizer]) -> Self {
        sanitizers.iter().fold(Self::NONE, |set, one| set.with(*one))
    }

    /// With this one.
    #[must_use]
    pub const fn with(self, one: Sanitizer) -> Self {
        Self(self.0 | 1 << one as u8) // CAST: the number of the variant
    }

    /// Without this one.
    #[must_use]
    pub const fn without(self, one: Sanitizer) -> Self {
        Self(self.0 & !(1 << one as u8)) // CAST: the number of the variant
    }

    /// Whether this one is on.
    #[must_use]
    pub const fn has(self, one: Sanitizer) -> bool {
        self.0 >> one as u8 & 1 != 0 // CAST: the number of the variant
    }

    /// Whether none is on.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl std::str::FromStr for Switches {
    type Err = UnknownSanitizer;

    /// From a list with commas; `all` and `none` stand for what they say.
    fn from_str(text: &str) -> Result<Self, UnknownSanitizer> {
        text.split(',').map(str::trim).try_fold(Self::NONE, |set, name| match name {
            "all" => Ok(Self::ALL),
            "none" => Ok(set),
            _ => Sanitizer::ALL
                .into_iter()
                .find(|one| one.name() == name)
                .map(|one| set.with(one))
                .ok_or_else(|| UnknownSanitizer(name.to_owned())),
        })
    }
}

/// Something that a sanitizer looks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its stable name.
    pub id: &'static str,
    /// Whose it is.
    pub sanitizer: Sanitizer,
    /// What is wrong, in one sentence.
    pub says: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read() {
        assert_eq!("all".parse(), Ok(Switches::ALL));
        assert_eq!("none".parse(), Ok(Switches::NONE));
        let two: Switches = "race, uninit-strict".parse().unwrap_or_default();
        assert!(two.has(Sanitizer::Race) && two.has(Sanitizer::UninitStrict) && !two.has(Sanitizer::Uninit));
        let unknown = "race,speed".parse::<Switches>().map_err(|error| error.to_string());
        assert!(unknown.is_err_and(|text| text.starts_with("no sanitizer is called \"speed\"; there are uninit, ")));
    }
}
