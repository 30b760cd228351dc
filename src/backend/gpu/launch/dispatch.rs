//! What is launched: a kernel, a grid, arguments.

use super::super::{Buffer, Kernel};
use crate::amdgpu::GpuVa;
use std::time::Duration;

/// Work-items along three axes, in workgroups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Grid {
    /// Workgroups along each axis, the last of which may not be whole.
    pub(super) groups: [u32; 3],
    /// Work-items of a whole workgroup along each axis.
    pub(super) size: [u32; 3],
    /// Work-items of the last workgroup along each axis where it isn't whole, else 0.
    pub(super) remainder: [u32; 3],
}

impl Grid {
    /// `groups` whole workgroups of `size` work-items along x, y and z.
    pub const fn workgroups(groups: [u32; 3], size: [u32; 3]) -> Self {
        Self { groups, size, remainder: [0; 3] }
    }

    /// `items` work-items along x, y and z, in workgroups of `size`; the last ones have what is left.
    pub const fn work_items(items: [u32; 3], size: [u32; 3]) -> Self {
        let ([x, y, z], [a, b, c]) = (items, size);
        Self {
            groups: [groups(x, a), groups(y, b), groups(z, c)],
            size,
            remainder: [rest(x, a), rest(y, b), rest(z, c)],
        }
    }

    /// Work-items along each axis; `None` where there are more than the ABI counts, 2^32 - 1.
    pub(super) fn items(&self) -> Option<[u32; 3]> {
        let mut items = [0; 3];
        for (((items, groups), size), rest) in items.iter_mut().zip(self.groups).zip(self.size).zip(self.remainder) {
            let whole = if rest == 0 { groups } else { groups.checked_sub(1)? };
            *items = whole.checked_mul(size)?.checked_add(rest)?;
        }
        Some(items)
    }

    /// Work-items of a whole workgroup.
    pub(super) fn workgroup_items(&self) -> u64 {
        self.size.iter().fold(1, |product: u64, size| product.saturating_mul((*size).into()))
    }

    /// Whether a last workgroup isn't whole.
    pub(super) fn is_partial(&self) -> bool {
        self.remainder != [0; 3]
    }
}

/// Workgroups for so many work-items; none for workgroups of no size, which a launch refuses.
const fn groups(items: u32, size: u32) -> u32 {
    match items.checked_rem(size) {
        None => 0,
        Some(rest) => (items - rest) / size + if rest == 0 { 0 } else { 1 },
    }
}

const fn rest(items: u32, size: u32) -> u32 {
    match items.checked_rem(size) {
        None => 0,
        Some(rest) => rest,
    }
}

/// An argument of a kernel.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    /// The address of a buffer, which the work then keeps.
    Buffer(&'a Buffer),
    /// An address. What is there has to be named by [`super::CommandList::uses`].
    Address(GpuVa),
    /// A number of 4 bytes.
    Word([u8; 4]),
    /// A number of 8 bytes.
    Long([u8; 8]),
    /// So many bytes of LDS, for a pointer to OpenCL's `local` memory.
    Lds(u32),
    /// Any value as its bytes: smaller numbers, vectors, structures.
    Bytes(&'a [u8]),
}

impl<'a> From<&'a Buffer> for Arg<'a> {
    fn from(buffer: &'a Buffer) -> Self {
        Self::Buffer(buffer)
    }
}

impl From<GpuVa> for Arg<'_> {
    fn from(address: GpuVa) -> Self {
        Self::Address(address)
    }
}

macro_rules! numbers {
    ($($variant:ident: $($type:ty),+;)+) => {
        $($(impl From<$type> for Arg<'_> {
            fn from(value: $type) -> Self {
                Self::$variant(value.to_le_bytes())
            }
        })+)+
    };
}
numbers! {
    Word: u32, i32, f32;
    Long: u64, i64, f64;
}

/// A kernel with a grid and arguments, to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct Dispatch<'a> {
    pub(super) kernel: &'a Kernel,
    pub(super) grid: Grid,
    pub(super) args: &'a [Arg<'a>],
    pub(super) dynamic_lds_bytes: u32,
    pub(super) estimate: Duration,
    pub(super) concurrent: bool,
}

impl<'a> Dispatch<'a> {
    /// A launch that begins when all work before it on the stream has ended.
    pub const fn new(kernel: &'a Kernel, grid: Grid, args: &'a [Arg<'a>]) -> Self {
        Self { kernel, grid, args, dynamic_lds_bytes: 0, estimate: Duration::ZERO, concurrent: false }
    }

    /// The same with LDS beyond what the kernel declares, bytes.
    pub const fn dynamic_lds(mut self, bytes: u32) -> Self {
        self.dynamic_lds_bytes = bytes;
        self
    }

    /// The same with what it will take at most, by the caller's reckoning. The work of a list together must stay
    /// within [`super::SUBMISSION_LIMIT`].
    pub const fn estimate(mut self, time: Duration) -> Self {
        self.estimate = time;
        self
    }

    /// The same, beginning beside the dispatch before it: it must not read or overwrite what that one writes.
    pub const fn concurrent(mut self) -> Self {
        self.concurrent = true;
        self
    }
}
