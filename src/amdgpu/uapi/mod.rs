//! The kernel's ioctl interface as data: structures, request numbers and constants of `amdgpu_drm.h` and of the parts of
//! `drm.h` that a render node needs. Nothing here calls anything.
//!
//! Written by hand and checked twice: the compiler asserts every size and offset, and `tests/uapi_header.rs` compiles a C
//! probe against three releases of the kernel's headers and compares every size, offset and number with [`LAYOUTS`],
//! [`REQUESTS`] and [`CONSTANTS`].
//!
//! An ioctl whose C argument is a union of `in` and `out` appears as two structures; the kernel writes the second over
//! the first bytes of the first. The layouts are those of a 64-bit little-endian Linux and don't depend on the processor.
//!
//! Sources: Linux `include/uapi/drm/amdgpu_drm.h`, `include/uapi/drm/drm.h`, `include/uapi/asm-generic/ioctl.h`.

pub mod context;
pub mod drm;
pub mod gem;
pub mod info;
pub mod submit;
pub mod syncobj;
pub mod userq;

/// A structure of the kernel's header as this module has it, for the comparison with a C compiler.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// C type, `struct drm_amdgpu_cs_in`.
    pub c_type: &'static str,
    /// The member of the C type that this is, or empty for the whole type.
    pub c_member: &'static str,
    /// Bytes.
    pub size: usize,
    /// The fields, without explicit padding that has no name in C.
    pub fields: &'static [FieldLayout],
}

/// A field of a [`Layout`].
#[derive(Clone, Copy, Debug)]
pub struct FieldLayout {
    /// Name in C.
    pub c_name: &'static str,
    /// Bytes from the start of the structure.
    pub offset: usize,
    /// Bytes.
    pub size: usize,
}

/// Every structure.
pub const LAYOUTS: &[&[Layout]] = &[
    drm::LAYOUTS,
    syncobj::LAYOUTS,
    gem::LAYOUTS,
    context::LAYOUTS,
    submit::LAYOUTS,
    info::LAYOUTS,
    info::REPORT_LAYOUTS,
    userq::LAYOUTS,
];

/// Every request number with its name in C, as of Linux 7.3.
pub const REQUESTS: &[&[(&str, u32)]] = &[
    drm::REQUESTS,
    syncobj::REQUESTS,
    gem::REQUESTS,
    context::REQUESTS,
    submit::REQUESTS,
    info::REQUESTS,
    userq::REQUESTS,
];

/// Every constant with its name in C. Negative ones are sign-extended.
pub const CONSTANTS: &[&[(&str, u64)]] = &[
    drm::CONSTANTS,
    syncobj::CONSTANTS,
    gem::CONSTANTS,
    context::CONSTANTS,
    submit::CONSTANTS,
    info::CONSTANTS,
    userq::CONSTANTS,
];

/// The kernel reads the argument.
const WRITE: u32 = 1;
/// The kernel reads and writes the argument.
const READ_WRITE: u32 = 3;
/// Number of the first ioctl that belongs to the driver (`DRM_COMMAND_BASE`).
const DRIVER: u32 = 0x40;

/// `_IOC(direction, 'd', number, size)`.
const fn request(direction: u32, number: u32, size: usize) -> u32 {
    assert!(size < 1 << 14, "the size field has 14 bits");
    // CAST: below 2^14, just asserted.
    direction << 30 | (size as u32) << 16 | (b'd' as u32) << 8 | number
}

/// Bytes of the argument that a request number encodes.
pub const fn request_size(request: u32) -> usize {
    // CAST: 14 bits.
    (request >> 16 & 0x3fff) as usize
}

/// Structures of the header. Each gets `repr(C)`, zerocopy's derives, assertions of its size and offsets and a [`Layout`].
///
/// `Name = "C type" [size] { field: type = offset, }`; `in "member"` where it is a member of the C type, `as "name"` where
/// a field's name in C is another one, `as ""` for padding without a name.
macro_rules! structures {
    ($list:ident: $(
        $(#[$meta:meta])*
        $name:ident = $c_type:literal $(in $c_member:literal)? [$size:literal] {
            $( $(#[$field_meta:meta])* $field:ident : $ty:ty = $offset:literal $(as $c_field:literal)? , )+
        }
    )+) => {
        $(
            $(#[$meta])*
            #[doc = concat!("\n\n", $size, " bytes. Source: `", $c_type, "`.")]
            #[repr(C)]
            #[derive(
                Clone, Copy, Debug, PartialEq, Eq,
                zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::KnownLayout, zerocopy::Immutable,
            )]
            pub struct $name {
                $(
                    $(#[$field_meta])*
                    #[doc = concat!("\n\nByte ", $offset, ".")]
                    pub $field: $ty,
                )+
            }

            impl Default for $name {
                fn default() -> Self {
                    zerocopy::FromZeros::new_zeroed()
                }
            }

            const _: () = {
                assert!(size_of::<$name>() == $size);
                $( assert!(std::mem::offset_of!($name, $field) == $offset); )+
            };
        )+

        /// The structures of this module.
        pub const $list: &[$crate::amdgpu::uapi::Layout] = &[$(
            $crate::amdgpu::uapi::Layout {
                c_type: $c_type,
                c_member: concat!($($c_member)?),
                size: size_of::<$name>(),
                fields: &[$(
                    $crate::amdgpu::uapi::FieldLayout {
                        c_name: $crate::amdgpu::uapi::structures!(@name $field $($c_field)?),
                        offset: std::mem::offset_of!($name, $field),
                        size: size_of::<$ty>(),
                    },
                )+],
            },
        )+];
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $c_field:literal) => { $c_field };
}

/// Request numbers: `NAME = "C name" direction number Type = value`, where the value, as strace prints it, checks the rest.
macro_rules! requests {
    ($( $(#[$meta:meta])* $name:ident = $c_name:literal $direction:ident $number:expr, $argument:ty = $value:literal; )+) => {
        $(
            $(#[$meta])*
            #[doc = concat!("`", $c_name, "`, ", stringify!($value), ".")]
            pub const $name: u32 =
                $crate::amdgpu::uapi::request($crate::amdgpu::uapi::$direction, $number, size_of::<$argument>());
            const _: () = assert!($name == $value);
        )+

        /// The request numbers of this module.
        pub const REQUESTS: &[(&str, u32)] = &[$(($c_name, $name),)+];
    };
}

/// Constants: `NAME: type = "C name" value`.
macro_rules! constants {
    ($( $(#[$meta:meta])* $name:ident : $ty:ty = $c_name:literal $value:expr; )+) => {
        $(
            $(#[$meta])*
            #[doc = concat!("\n\n`", $c_name, "`.")]
            pub const $name: $ty = $value;
        )+

        /// The constants of this module.
        // CAST: to the widest type; negative values are sign-extended.
        #[allow(trivial_numeric_casts, clippy::unnecessary_cast, clippy::cast_lossless)]
        pub const CONSTANTS: &[(&str, u64)] = &[$(($c_name, $name as u64),)+];
    };
}

use {constants, requests, structures};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_numbers_carry_their_size() {
        assert_eq!(request_size(0xc020_6440), 32);
        assert_eq!(request_size(0xc120_6446), 288);
        assert_eq!(request(READ_WRITE, 0x40, 32), 0xc020_6440);
        assert_eq!(request(WRITE, 0x45, 32), 0x4020_6445);
    }

    #[test]
    fn no_request_number_appears_twice() {
        let mut numbers: Vec<u32> =
            REQUESTS.iter().flat_map(|list| list.iter()).map(|(_, number)| number & 0xff).collect();
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), count);
    }
}
