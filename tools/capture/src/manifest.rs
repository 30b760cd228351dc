//! What `capture.json` says, as plain data: nothing here is checked yet.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::hex;
use crate::names::{Domain, Ip, Role, VaFlag};

/// All that `capture.json` says, apart from `format` and `version`.
///
/// Each `extra` in this crate holds the JSON keys that this version doesn't know. They survive reading and writing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The GPU that the submission was made for.
    pub device: Device,
    /// Every mapping that the submission may touch; a buffer object mapped twice appears once per VA.
    pub buffers: Vec<Buffer>,
    /// Ranges whose final contents differ from run to run.
    pub volatile: Vec<Volatile>,
    /// The submissions, in order.
    pub submissions: Vec<Submission>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Manifest {
    pub(crate) fn new(device: Device) -> Self {
        Self { device, buffers: Vec::new(), volatile: Vec::new(), submissions: Vec::new(), extra: Map::new() }
    }
}

/// The GPU that a submission was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Device {
    /// The instruction set as LLVM names it, such as `gfx1100`.
    pub gfx: String,
    /// The family number that the kernel reports: 145 for the discrete gfx11 parts.
    /// Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_FAMILY_GC_11_0_0`.
    pub family: u32,
    /// The name for people.
    pub name: String,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Device {
    /// A device without unknown keys.
    pub fn new(gfx: impl Into<String>, family: u32, name: impl Into<String>) -> Self {
        Self { gfx: gfx.into(), family, name: name.into(), extra: Map::new() }
    }
}

/// One mapping of a buffer object into the GPU's address space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Buffer {
    /// What the rest of the capture calls this mapping.
    pub id: u32,
    /// The buffer object, where several mappings share one. They all begin at its first byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bo: Option<u32>,
    /// The first GPU virtual address, in bytes.
    #[serde(with = "hex")]
    pub va: u64,
    /// Bytes.
    pub size: u64,
    /// The memory it was placed in.
    pub domain: Domain,
    /// What the GPU may do there.
    pub va_flags: Vec<VaFlag>,
    /// What it is for.
    pub role: Role,
    /// The file with its contents before the first submission; zeros where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The file with its contents after the last submission, where that completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Buffer {
    /// A readable and writeable mapping in VRAM of `size` bytes at `va`; change the public fields for anything else.
    pub fn new(id: u32, va: u64, size: u64, role: Role) -> Self {
        Self {
            id,
            bo: None,
            va,
            size,
            domain: Domain::Vram,
            va_flags: vec![VaFlag::Read, VaFlag::Write],
            role,
            before: None,
            after: None,
            extra: Map::new(),
        }
    }
}

/// A range whose final contents differ from run to run, such as a timestamp.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Volatile {
    /// The buffer's id.
    pub buffer: u32,
    /// The first byte, counted from the buffer's start.
    pub offset: u64,
    /// The length in bytes.
    pub bytes: u64,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Volatile {
    /// `bytes` bytes from byte `offset` of buffer `buffer`.
    pub fn new(buffer: u32, offset: u64, bytes: u64) -> Self {
        Self { buffer, offset, bytes, extra: Map::new() }
    }
}

/// One CS ioctl.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Submission {
    /// The engine.
    pub ip: Ip,
    /// The ring of that engine.
    pub ring: u32,
    /// The indirect buffers, in order.
    pub ibs: Vec<IndirectBuffer>,
    /// The ids of the buffers on its buffer list.
    pub buffers: Vec<u32>,
    /// The sequence number that the kernel gave it; absent until the submission is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence_seq: Option<u64>,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Submission {
    /// A submission whose fence is not known yet.
    pub fn new(ip: Ip, ring: u32, ibs: Vec<IndirectBuffer>, buffers: Vec<u32>) -> Self {
        Self { ip, ring, ibs, buffers, fence_seq: None, extra: Map::new() }
    }
}

/// Packets in GPU memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IndirectBuffer {
    /// The id of the buffer that holds them.
    pub buffer: u32,
    /// The address of the first packet, in bytes, a multiple of 4.
    #[serde(with = "hex")]
    pub va: u64,
    /// The length in dwords.
    pub size_dw: u32,
    /// Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_IB_FLAG_*`.
    pub flags: u32,
    /// Unknown keys.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl IndirectBuffer {
    /// `size_dw` dwords at `va` in buffer `buffer`, without flags.
    pub fn new(buffer: u32, va: u64, size_dw: u32) -> Self {
        Self { buffer, va, size_dw, flags: 0, extra: Map::new() }
    }
}
