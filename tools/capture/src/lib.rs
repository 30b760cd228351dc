//! A GPU submission on disk: the capture format that the runtime writes and the tools read.
//!
//! A capture is a folder: `capture.json` says which buffers lay where in the GPU's address space and which indirect
//! buffers were submitted; `.bin` files beside it hold what the buffers held `before` the submission and, once it has
//! completed, `after` it. Anything that executes PM4 can start from `before` and must arrive at `after`, the
//! [`Volatile`] ranges aside.
//!
//! This crate owns the format and nothing else: it knows no packet and no device. [`Capture`] reads, [`CaptureWriter`]
//! and then [`Completion`] write. A capture may come from anyone, so reading checks everything, never trusts a size
//! and allocates nothing for bytes that no file holds until they are asked for.
//!
//! ```
//! use sparkle_capture::{Buffer, Capture, CaptureWriter, Device, IndirectBuffer, Ip, Role, Submission};
//!
//! # let home = tempfile::tempdir()?;
//! # let folder = home.path().join("submission-1");
//! let device = Device::new("gfx1100", 145, "Radeon RX 7900 XTX");
//! let mut writer = CaptureWriter::create(&folder, device)?;
//! let nop = [0xffff_1000_u32.to_le_bytes(), 0_u32.to_le_bytes()].concat();
//! writer.add_buffer(Buffer::new(1, 0x8_0000_0000, 8, Role::Ib), nop.as_slice())?;
//! writer.add_zeroed(Buffer::new(2, 0x8_0001_0000, 4096, Role::Output))?;
//! let ib = IndirectBuffer::new(1, 0x8_0000_0000, 2);
//! writer.add_submission(Submission::new(Ip::Compute, 0, vec![ib], vec![1, 2]));
//! let mut completion = writer.commit()?; // from here on the capture is there, should the GPU hang or not
//!
//! completion.add_after(2, [7; 4096].as_slice())?;
//! completion.finish()?;
//!
//! let capture = Capture::read(&folder)?;
//! assert_eq!(capture.before_dwords(0x8_0000_0000, 2)?, [0xffff_1000, 0]);
//! assert_eq!(capture.before(2)?, [0; 4096]); // no file: zeros
//! assert_eq!(capture.after(2)?, Some(vec![7; 4096]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod capture;
mod compare;
mod document;
mod error;
mod hex;
mod manifest;
mod names;
mod validate;
mod write;

pub use capture::{Capture, DWORDS_LIMIT_BYTES, LOAD_LIMIT_BYTES};
pub use compare::{Comparison, Difference};
pub use document::MANIFEST_LIMIT_BYTES;
pub use error::{Error, Problem};
pub use manifest::{Buffer, Device, IndirectBuffer, Manifest, Submission, Volatile};
pub use names::{Domain, Ip, Role, VaFlag};
pub use write::{CaptureWriter, Completion};
