//! The instruction sets that microkernels exist for.

use crate::backend::BackendError;
use std::fmt;
use std::str::FromStr;

/// An instruction set, best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isa {
    /// Plain Rust: the definition of the result.
    Portable,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// x86-64 with AVX-512F.
    Avx512,
}

impl Isa {
    /// Those that this CPU has, best first. Never empty.
    pub fn available() -> Vec<Self> {
        [Self::Avx512, Self::Avx2, Self::Portable].into_iter().filter(|isa| isa.is_available()).collect()
    }

    /// The best that this CPU has.
    pub fn best() -> Self {
        Self::available().first().copied().unwrap_or(Self::Portable)
    }

    /// What `SPARKLE_CPU_ISA` asks for; `None` where it is unset or empty.
    ///
    /// # Errors
    /// [`BackendError::Isa`] where it names no ISA.
    pub fn from_env() -> Result<Option<Self>, BackendError> {
        match std::env::var_os("SPARKLE_CPU_ISA") {
            None => Ok(None),
            Some(value) if value.is_empty() => Ok(None),
            Some(value) => value.to_string_lossy().parse().map(Some),
        }
    }

    /// Whether this CPU has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f") && Self::Avx2.is_available(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
    }

    /// f32 lanes of a vector register.
    pub const fn lanes(self) -> usize {
        match self {
            Self::Portable => 4,
            Self::Avx2 => 8,
            Self::Avx512 => 16,
        }
    }
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        })
    }
}

impl FromStr for Isa {
    type Err = BackendError;

    fn from_str(text: &str) -> Result<Self, BackendError> {
        [Self::Portable, Self::Avx2, Self::Avx512].into_iter().find(|isa| isa.to_string() == text).ok_or_else(|| {
            BackendError::Isa(format!(
                "no instruction set is called {text:?}; SPARKLE_CPU_ISA takes avx512, avx2 or portable"
            ))
        })
    }
}
