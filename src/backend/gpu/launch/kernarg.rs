//! A kernel's arguments as bytes, with those that its language hides, and the AQL packet.
//!
//! Source: LLVM `AMDGPUUsage.rst`, "Code Object V5 Metadata" (kinds and meanings), "Kernel Dispatch"; LLVM
//! `AMDGPUHSAMetadataStreamer.cpp`, `emitHiddenKernelArgs` (places); HSA runtime `hsa.h`,
//! `hsa_kernel_dispatch_packet_t`.

use super::super::Error;
use super::super::module::{ArgKind, Hidden, Kernel, KernelArg};
use super::dispatch::{Arg, Dispatch};

/// Bytes of the AQL packet.
pub(super) const AQL_BYTES: usize = 64;

/// Hidden arguments of V5 and later: bytes from the start of their block, bytes, meaning.
#[rustfmt::skip]
const IMPLICIT: &[(usize, u32, Hidden)] = &[
    (0,   4, Hidden::BlockCount(0)),   (4,  4, Hidden::BlockCount(1)),   (8,  4, Hidden::BlockCount(2)),
    (12,  2, Hidden::GroupSize(0)),    (14, 2, Hidden::GroupSize(1)),    (16, 2, Hidden::GroupSize(2)),
    (18,  2, Hidden::Remainder(0)),    (20, 2, Hidden::Remainder(1)),    (22, 2, Hidden::Remainder(2)),
    (40,  8, Hidden::GlobalOffset(0)), (48, 8, Hidden::GlobalOffset(1)), (56, 8, Hidden::GlobalOffset(2)),
    (64,  2, Hidden::GridDims),        (120, 4, Hidden::DynamicLdsSize),
];

impl Arg<'_> {
    /// Calls `with` with its bytes.
    fn bytes<T>(&self, with: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Self::Buffer(buffer) => with(&buffer.address().get().to_le_bytes()),
            Self::Address(address) => with(&address.get().to_le_bytes()),
            Self::Word(bytes) => with(bytes),
            Self::Long(bytes) => with(bytes),
            Self::Lds(bytes) => with(&bytes.to_le_bytes()),
            Self::Bytes(bytes) => with(bytes),
        }
    }
}

/// An error of a launch.
pub(super) fn refuse(kernel: &Kernel, reason: String) -> Error {
    Error::Launch { kernel: kernel.name().into(), reason }
}

/// Where LDS that is given as an argument begins in the workgroup's, behind `before` bytes.
const fn lds_start(before: u32, align: u32) -> u32 {
    match before.checked_next_multiple_of(align) {
        Some(start) => start,
        None => u32::MAX,
    }
}

/// LDS that the kernel declares and the launch adds, without that in arguments.
fn declared_lds_bytes(dispatch: &Dispatch<'_>) -> u32 {
    dispatch.kernel.descriptor().group_segment_fixed_size.saturating_add(dispatch.dynamic_lds_bytes)
}

/// All LDS of a workgroup, bytes; `u32::MAX` for more than that.
pub(super) fn lds_bytes(dispatch: &Dispatch<'_>) -> u32 {
    let explicit =
        dispatch.kernel.metadata().into_iter().flat_map(|metadata| &metadata.args).filter(|arg| is_explicit(arg));
    explicit.zip(dispatch.args).fold(declared_lds_bytes(dispatch), |before, (arg, given)| match (&arg.kind, given) {
        (ArgKind::Lds { align }, Arg::Lds(bytes)) => lds_start(before, *align).saturating_add(*bytes),
        _ => before,
    })
}

const fn is_explicit(arg: &KernelArg) -> bool {
    matches!(arg.kind, ArgKind::Value | ArgKind::Buffer | ArgKind::Lds { .. })
}

/// Writes the arguments of a dispatch to `out`, which keeps its memory.
pub(super) fn pack(out: &mut Vec<u8>, dispatch: &Dispatch<'_>) -> Result<(), Error> {
    let kernel = dispatch.kernel;
    out.clear();
    out.resize(kernel.kernarg_bytes() as usize, 0); // CAST: u32 fits.
    let Some(metadata) = kernel.metadata() else { return pack_plain(out, dispatch) };
    let wanted = metadata.args.iter().filter(|arg| is_explicit(arg)).count();
    let given = dispatch.args.len();
    if wanted != given {
        return Err(refuse(kernel, format!("it has {wanted} arguments, and {given} are given")));
    }
    let mut lds = declared_lds_bytes(dispatch);
    for (arg, given) in metadata.args.iter().filter(|arg| is_explicit(arg)).zip(dispatch.args) {
        put_explicit(out, arg, given, &mut lds).map_err(|what| {
            let name: &str = &arg.name;
            refuse(kernel, format!("argument {name} at byte {} {what}", arg.offset))
        })?;
    }
    for arg in &metadata.args {
        if let ArgKind::Hidden(hidden) = arg.kind {
            let placed = put_number(out, arg.offset as usize, arg.size, dispatch, hidden); // CAST: u32 fits.
            placed.ok_or_else(|| refuse(kernel, format!("a hidden argument at byte {} is outside", arg.offset)))?;
        }
    }
    Ok(())
}

/// Writes one argument; `lds` is where LDS is free. An error says what is wrong.
fn put_explicit(out: &mut [u8], arg: &KernelArg, given: &Arg<'_>, lds: &mut u32) -> Result<(), String> {
    match (&arg.kind, given) {
        (ArgKind::Buffer, Arg::Buffer(_) | Arg::Address(_)) | (ArgKind::Value, _) => {}
        (ArgKind::Lds { align }, Arg::Lds(bytes)) => {
            let start = lds_start(*lds, *align);
            *lds = start.saturating_add(*bytes);
            return put(out, arg.offset as usize, &start.to_le_bytes()).ok_or_else(outside); // CAST: u32 fits.
        }
        (ArgKind::Lds { .. }, _) => return Err("is LDS: give it so many bytes of LDS".into()),
        _ => return Err("is an address: give a buffer".into()),
    }
    given.bytes(|bytes| {
        if bytes.len() != arg.size as usize {
            return Err(format!("has {} bytes, and {} are given", arg.size, bytes.len())); // CAST: u32 fits.
        }
        put(out, arg.offset as usize, bytes).ok_or_else(outside) // CAST: u32 fits.
    })
}

fn outside() -> String {
    "is outside of the kernel's arguments".into()
}

/// Arguments one after the other at their natural alignment, for kernels whose arguments nobody describes, and behind
/// them the hidden ones of the ABI.
fn pack_plain(out: &mut [u8], dispatch: &Dispatch<'_>) -> Result<(), Error> {
    let mut at = 0_usize;
    for arg in dispatch.args {
        let placed = arg.bytes(|bytes| {
            at = at.next_multiple_of(bytes.len().next_power_of_two().clamp(1, 16));
            put(out, at, bytes)?;
            at += bytes.len();
            Some(())
        });
        if placed.is_none() {
            let limit = out.len();
            let reason = format!("its arguments have {limit} bytes, and more are given");
            return Err(refuse(dispatch.kernel, reason));
        }
    }
    if dispatch.kernel.has_implicit_block() {
        let block = at.next_multiple_of(8);
        for (offset, size, hidden) in IMPLICIT {
            // What doesn't fit isn't there: a kernel that uses none of them ends with its own arguments.
            let _ = put_number(out, block + offset, *size, dispatch, *hidden);
        }
    }
    Ok(())
}

fn put(out: &mut [u8], offset: usize, bytes: &[u8]) -> Option<()> {
    out.get_mut(offset..offset.checked_add(bytes.len())?)?.copy_from_slice(bytes);
    Some(())
}

fn put_number(out: &mut [u8], offset: usize, size: u32, dispatch: &Dispatch<'_>, hidden: Hidden) -> Option<()> {
    let bytes = value(dispatch, hidden).to_le_bytes();
    put(out, offset, bytes.get(..(size as usize).min(8))?) // CAST: u32 fits.
}

/// What a hidden argument says.
fn value(dispatch: &Dispatch<'_>, hidden: Hidden) -> u64 {
    let grid = &dispatch.grid;
    let of = |axes: &[u32; 3], axis: usize| axes.get(axis).copied().unwrap_or(0);
    match hidden {
        Hidden::None | Hidden::GlobalOffset(_) => 0,
        // Only whole workgroups count here.
        Hidden::BlockCount(axis) => {
            let partial = u32::from(of(&grid.remainder, axis) != 0);
            of(&grid.groups, axis).saturating_sub(partial).into()
        }
        Hidden::GroupSize(axis) => of(&grid.size, axis).into(),
        Hidden::Remainder(axis) => of(&grid.remainder, axis).into(),
        Hidden::GridDims => dimensions(dispatch).into(),
        Hidden::DynamicLdsSize => {
            u64::from(lds_bytes(dispatch).saturating_sub(dispatch.kernel.descriptor().group_segment_fixed_size))
        }
    }
}

/// Axes that the grid uses: 1 to 3.
fn dimensions(dispatch: &Dispatch<'_>) -> u16 {
    let items = dispatch.grid.items().unwrap_or([1; 3]);
    match items {
        [_, 0 | 1, 0 | 1] => 1,
        [_, _, 0 | 1] => 2,
        _ => 3,
    }
}

/// The packet that a kernel with the user SGPRs `dispatch_ptr` finds: what an AQL queue would hold.
pub(super) fn aql_packet(dispatch: &Dispatch<'_>, kernarg: u64) -> [u8; AQL_BYTES] {
    /// HSA_PACKET_TYPE_KERNEL_DISPATCH.
    const KERNEL_DISPATCH: u16 = 2;
    let mut packet = [0; AQL_BYTES];
    let items = dispatch.grid.items().unwrap_or([0; 3]);
    let [x, y, z] = dispatch.grid.size;
    // CAST: a workgroup has at most 1024 work-items.
    let shorts = [KERNEL_DISPATCH, dimensions(dispatch), x as u16, y as u16, z as u16];
    for (at, short) in shorts.into_iter().enumerate() {
        let _ = put(&mut packet, at * 2, &short.to_le_bytes());
    }
    for (at, word) in items.into_iter().chain([dispatch.kernel.scratch_bytes(), lds_bytes(dispatch)]).enumerate() {
        let _ = put(&mut packet, 12 + at * 4, &word.to_le_bytes());
    }
    for (at, address) in [dispatch.kernel.descriptor_address().get(), kernarg].into_iter().enumerate() {
        let _ = put(&mut packet, 32 + at * 8, &address.to_le_bytes());
    }
    packet
}
