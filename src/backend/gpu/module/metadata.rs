//! What a compiler says of its kernels: the MessagePack of the note `NT_AMDGPU_METADATA`.
//!
//! Source: LLVM `AMDGPUUsage.rst`, "Code Object V3 Metadata" to "Code Object V6 Metadata".

use super::msgpack::Reader;

/// What stands at an argument's place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArgKind {
    /// `by_value`: bytes.
    Value,
    /// `global_buffer`: an address.
    Buffer,
    /// `dynamic_shared_pointer`: LDS that the launch gives, aligned to so many bytes.
    Lds {
        /// Bytes.
        align: u32,
    },
    /// `hidden_*`: what the launch fills in.
    Hidden(Hidden),
    /// What can't be given, by its name: `image`, `sampler`, `hidden_hostcall_buffer`.
    Unsupported(Box<str>),
}

/// What a kernel's language reads and a launch knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// `hidden_none`: nothing.
    None,
    /// `hidden_block_count_x`, y, z: whole workgroups along an axis.
    BlockCount(usize),
    /// `hidden_group_size_x`, y, z: lanes of a whole workgroup along an axis.
    GroupSize(usize),
    /// `hidden_remainder_x`, y, z: lanes of the last workgroup along an axis where it isn't whole, else 0.
    Remainder(usize),
    /// `hidden_global_offset_x`, y, z: OpenCL's offset of ids; 0.
    GlobalOffset(usize),
    /// `hidden_grid_dims`: 1, 2 or 3.
    GridDims,
    /// `hidden_dynamic_lds_size`: bytes of LDS beyond the static ones.
    DynamicLdsSize,
}

impl Hidden {
    /// What a `.value_kind` without its `hidden_` means.
    fn find(name: &str) -> Option<Self> {
        let axis = |stem: &str| match name.strip_prefix(stem)? {
            "_x" => Some(0),
            "_y" => Some(1),
            "_z" => Some(2),
            _ => None,
        };
        match name {
            "none" => Some(Self::None),
            "grid_dims" => Some(Self::GridDims),
            "dynamic_lds_size" => Some(Self::DynamicLdsSize),
            _ => (axis("block_count").map(Self::BlockCount))
                .or_else(|| axis("group_size").map(Self::GroupSize))
                .or_else(|| axis("remainder").map(Self::Remainder))
                .or_else(|| axis("global_offset").map(Self::GlobalOffset)),
        }
    }
}

/// An argument of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelArg {
    /// Its name in the source, where the compiler kept it.
    pub name: Box<str>,
    /// Bytes from the start of the arguments.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
    /// What it is.
    pub kind: ArgKind,
}

/// What the metadata say of a kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KernelMetadata {
    /// `.symbol`: the descriptor's, `name.kd`.
    pub(super) symbol: Box<str>,
    /// Arguments in their order, hidden ones too.
    pub args: Vec<KernelArg>,
    /// Bytes of the arguments.
    pub kernarg_segment_size: u32,
    /// What their address is a multiple of, bytes.
    pub kernarg_segment_align: u32,
    /// The largest workgroup that it was compiled for, lanes; 0 where it isn't said.
    pub max_flat_workgroup_size: u32,
    /// The only workgroup that it was compiled for, if there is one.
    pub reqd_workgroup_size: Option<[u32; 3]>,
    /// Its stack grows by what it calls.
    pub uses_dynamic_stack: bool,
}

/// Reads the metadata of all kernels; `None` for what isn't metadata.
pub(super) fn parse(note: &[u8]) -> Option<Vec<KernelMetadata>> {
    let mut kernels = Vec::new();
    Reader::new(note).map(|key, value| match key {
        "amdhsa.kernels" => value.array(|value| {
            kernels.push(kernel(value)?);
            Some(())
        }),
        _ => value.skip(),
    })?;
    Some(kernels)
}

fn kernel(reader: &mut Reader<'_>) -> Option<KernelMetadata> {
    let mut kernel = KernelMetadata::default();
    reader.map(|key, value| {
        match key {
            ".symbol" => kernel.symbol = value.string()?.into(),
            ".kernarg_segment_size" => kernel.kernarg_segment_size = value.u32()?,
            ".kernarg_segment_align" => kernel.kernarg_segment_align = value.u32()?,
            ".max_flat_workgroup_size" => kernel.max_flat_workgroup_size = value.u32()?,
            ".uses_dynamic_stack" => kernel.uses_dynamic_stack = value.bool()?,
            ".reqd_workgroup_size" => {
                let mut size = Vec::new();
                value.array(|value| {
                    size.push(value.u32()?);
                    Some(())
                })?;
                kernel.reqd_workgroup_size = Some(size.try_into().ok()?);
            }
            ".args" => value.array(|value| {
                kernel.args.push(arg(value)?);
                Some(())
            })?,
            _ => value.skip()?,
        }
        Some(())
    })?;
    Some(kernel)
}

fn arg(reader: &mut Reader<'_>) -> Option<KernelArg> {
    let (mut name, mut offset, mut size, mut kind, mut align) = ("", None, None, None, 1);
    reader.map(|key, value| {
        match key {
            ".name" => name = value.string()?,
            ".offset" => offset = Some(value.u32()?),
            ".size" => size = Some(value.u32()?),
            ".pointee_align" => align = value.u32()?,
            ".value_kind" => kind = Some(value.string()?),
            _ => value.skip()?,
        }
        Some(())
    })?;
    let kind = match kind? {
        "by_value" => ArgKind::Value,
        "global_buffer" => ArgKind::Buffer,
        "dynamic_shared_pointer" if align.is_power_of_two() => ArgKind::Lds { align },
        other => match other.strip_prefix("hidden_").and_then(Hidden::find) {
            Some(hidden) => ArgKind::Hidden(hidden),
            None => ArgKind::Unsupported(other.into()),
        },
    };
    Some(KernelArg { name: name.into(), offset: offset?, size: size?, kind })
}
