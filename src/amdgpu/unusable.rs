//! Why a node can't be used, and what to do about it.

use nix::errno::Errno;
use nix::unistd::{Gid, Group};
use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::device::LEAST_DRM_MINOR;

/// Why a render node can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unusable {
    /// There is no such node.
    Missing,
    /// The user isn't in the node's group.
    Permission {
        /// The group, by name if the system knows one.
        group: String,
        /// The node's permission bits.
        mode: u32,
    },
    /// The container's device rules forbid it.
    Container {
        /// The node's group, by number.
        gid: u32,
    },
    /// Another driver's.
    OtherDriver {
        /// The driver's name.
        driver: String,
    },
    /// The driver is too old, or not the one that we know.
    OldDriver {
        /// Major version of its interface.
        major: i32,
        /// Minor version of its interface.
        minor: u32,
    },
    /// The driver says that the GPU doesn't work.
    NotWorking,
    /// The GPU's compute rings are off.
    NoComputeRings,
    /// A chip that isn't in the table.
    UnknownChip {
        /// Version of its graphics core: major << 16 | minor << 8 | revision; 0 if the kernel doesn't say.
        version: u32,
        /// The kernel's family number.
        family: u32,
        /// Its external revision.
        revision: u32,
    },
    /// The device is gone.
    Gone,
    /// A call failed for another reason.
    Call {
        /// The call.
        call: &'static str,
        /// Its answer.
        errno: Errno,
    },
}

impl Unusable {
    /// Why a node didn't open. The same number means different things to people: a container's device rules answer
    /// EPERM, the file's permissions EACCES.
    ///
    /// Source: Linux `security/device_cgroup.c`, `fs/namei.c`.
    pub(super) fn from_open(path: &Path, error: &io::Error) -> Self {
        let metadata = std::fs::metadata(path);
        match (super::node::errno_of(error), metadata) {
            (Errno::ENOENT, _) => Self::Missing,
            (Errno::EACCES, Ok(metadata)) => {
                Self::Permission { group: group_name(metadata.gid()), mode: metadata.mode() & 0o777 }
            }
            (Errno::EPERM, Ok(metadata)) => Self::Container { gid: metadata.gid() },
            (Errno::ENODEV | Errno::ENXIO, _) => Self::Gone,
            (errno, _) => Self::Call { call: "open", errno },
        }
    }

    pub(super) const fn from_errno(call: &'static str, errno: Errno) -> Self {
        match errno {
            Errno::ENODEV => Self::Gone,
            Errno::ENOTTY => Self::Call { call: "ioctl (it is no DRM device)", errno },
            errno => Self::Call { call, errno },
        }
    }
}

/// A group's name, or its number where the system has no name for it, as in a container.
fn group_name(gid: u32) -> String {
    match Group::from_gid(Gid::from_raw(gid)) {
        Ok(Some(group)) => group.name,
        _ => gid.to_string(),
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => {
                f.write_str("there is no such node; load the amdgpu driver, or pass the node into the container")
            }
            Self::Permission { group, mode } => {
                write!(f, "no permission to open it (mode {mode:03o}, group {group}); ")?;
                if mode & 0o060 != 0o060 {
                    f.write_str("its group has none either, so whoever administers this machine has to change the mode")
                } else if group.bytes().all(|byte| byte.is_ascii_digit()) {
                    write!(f, "that group has no name here: in a container, start it with --group-add {group}")
                } else {
                    write!(f, "join the group with `sudo usermod -aG {group} $USER` and log in again")
                }
            }
            Self::Container { gid } => write!(
                f,
                "the container's device rules forbid it; start the container with --device for this node and --group-add {gid}"
            ),
            Self::OtherDriver { driver } => write!(f, "it belongs to the driver {driver}; only amdgpu is supported"),
            Self::OldDriver { major, minor } => write!(
                f,
                "the driver's interface is {major}.{minor}; it has to be 3.{LEAST_DRM_MINOR} or a later 3.x, as in Linux 6.1 and newer"
            ),
            Self::NotWorking => f.write_str(
                "the driver's own tests of the GPU failed when it started; `sudo dmesg | grep amdgpu` says why",
            ),
            Self::NoComputeRings => {
                f.write_str("the compute rings of the kernel are off; start the amdgpu module without user_queue=2")
            }
            Self::UnknownChip { version, family, revision } => write!(
                f,
                "unknown chip: graphics core {}.{}.{}, family {family}, revision {revision:#x}; a newer version of this program may know it",
                version >> 16,
                version >> 8 & 0xff,
                version & 0xff
            ),
            Self::Gone => f.write_str("the device is gone; look for it in `dmesg`"),
            Self::Call { call, errno } => write!(f, "{call} failed: {}", errno.desc()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn of(errno: Errno) -> Unusable {
        Unusable::from_open(Path::new("/dev/null"), &io::Error::from_raw_os_error(errno as i32))
    }

    #[test]
    fn each_way_not_to_open_has_its_advice() {
        let gid = std::fs::metadata("/dev/null").unwrap().gid();
        let Unusable::Permission { group, mode } = of(Errno::EACCES) else { unreachable!() };
        assert_eq!((group_name(gid), 0o666), (group, mode));
        // Joining the group of a node is no help where the group has no access, nor can a group without a name be joined.
        for (group, mode, advice) in [
            ("render", 0o660, "`sudo usermod -aG render $USER`"),
            ("root", 0o600, "change the mode"),
            ("109", 0o660, "--group-add 109"),
        ] {
            let text = Unusable::Permission { group: group.to_owned(), mode }.to_string();
            assert!(text.contains(advice), "{text}");
            assert_eq!(text.contains("usermod"), group == "render", "{text}");
        }
        assert_eq!(of(Errno::EPERM), Unusable::Container { gid });
        assert!(of(Errno::EPERM).to_string().contains(&format!("--group-add {gid}")));
        assert_eq!(of(Errno::ENODEV), Unusable::Gone);
        assert_eq!(of(Errno::EBUSY), Unusable::Call { call: "open", errno: Errno::EBUSY });
        let missing = Unusable::from_open(Path::new("/nonexistent/renderD128"), &io::Error::from_raw_os_error(2));
        assert_eq!(missing, Unusable::Missing);
    }

    #[test]
    fn a_group_without_a_name_is_its_number() {
        assert_eq!(group_name(3_999_999), "3999999");
    }

    #[test]
    fn versions_are_spelled_out() {
        let chip = Unusable::UnknownChip { version: 0x0d_0102, family: 160, revision: 0x2a };
        assert!(chip.to_string().contains("graphics core 13.1.2, family 160, revision 0x2a"));
        assert!(Unusable::OldDriver { major: 3, minor: 42 }.to_string().contains("3.42; it has to be 3.48"));
    }
}
