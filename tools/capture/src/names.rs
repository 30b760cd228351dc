//! The short words of a capture. Each list is open: a word that this version doesn't know is kept as it stands.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

macro_rules! open_names {
    ($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        #[non_exhaustive]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)+
            /// A word that this version doesn't know, as it stands in the file.
            Other(String),
        }

        impl $type {
            /// The word as it stands in `capture.json`.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for $type {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.as_str().to_owned()
            }
        }

        // By the word, so that a spelled-out `Other` equals the variant that it reads back as.
        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl Eq for $type {}

        impl Hash for $type {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

open_names! {
    /// What a buffer is for.
    Role {
        /// Packets that the submission hands to the command processor.
        Ib = "ib",
        /// Machine code.
        Code = "code",
        /// Kernel arguments.
        Kernarg = "kernarg",
        /// The activations that go in.
        Input = "input",
        /// Filter weights.
        Weights = "weights",
        /// A bias per output channel.
        Bias = "bias",
        /// The activations that come out.
        Output = "output",
        /// Where the end of the work is signalled.
        Fence = "fence",
        /// Memory whose contents nobody needs.
        Scratch = "scratch",
    }
}

open_names! {
    /// The memory that a buffer object was placed in.
    ///
    /// Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_GEM_DOMAIN_*`.
    Domain {
        /// The card's own memory.
        Vram = "vram",
        /// System memory that the GPU can reach.
        Gtt = "gtt",
    }
}

open_names! {
    /// What the GPU may do at a mapping.
    ///
    /// Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_VM_PAGE_*`.
    VaFlag {
        /// `AMDGPU_VM_PAGE_READABLE`.
        Read = "read",
        /// `AMDGPU_VM_PAGE_WRITEABLE`.
        Write = "write",
        /// `AMDGPU_VM_PAGE_EXECUTABLE`.
        Exec = "exec",
    }
}

open_names! {
    /// The engine that a submission goes to.
    ///
    /// Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_HW_IP_*`.
    Ip {
        /// `AMDGPU_HW_IP_COMPUTE`.
        Compute = "compute",
        /// `AMDGPU_HW_IP_GFX`.
        Gfx = "gfx",
    }
}
