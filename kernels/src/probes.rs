//! The probes: small kernels, each of which shows that one more thing works. `sparkle-run doctor` launches them.

use super::Kernel;

/// Bytes that readers of ELF files may take for its structures.
#[repr(C, align(16))]
struct Aligned<T: ?Sized>(T);

/// Rows: name, lanes, file offset of the code, LDS bytes, kernarg bytes, most threads. All have 512 bytes of code, at most 8
/// VGPRs, 15 user SGPRs and the workgroup's number along X.
macro_rules! probes {
    ($( $(#[$doc:meta])* $constant:ident = $name:literal $lanes:literal $at:literal $lds:literal $kernarg:literal $threads:literal; )+) => {
        $(
            $(#[$doc])*
            pub const $constant: Kernel = {
                const ALIGNED: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!("../blobs/", $name, ".co")));
                let object = &ALIGNED.0;
                Kernel {
                    name: $name,
                    object,
                    code: object.split_at($at).1.split_at(0x200).0,
                    lanes: $lanes,
                    rsrc: [0x60af_0000, 0x0000_009e, 0],
                    lds_bytes: $lds,
                    kernarg_bytes: $kernarg,
                    max_threads: $threads,
                }
            };
        )+

        /// All of them.
        pub const PROBES: &[Kernel] = &[$($constant),+];
    };
}

// lanes, offset of the code, LDS, kernarg, threads
#[rustfmt::skip]
probes! {
    /// Nothing: waves start and end.
    PROBE_ENDPGM      = "probe_endpgm"      32 0x500   0  0 1024;
    /// One lane stores 0x600d0013 to where the first two user SGPRs point.
    PROBE_STORE       = "probe_store"       32 0x500   0  8 1024;
    /// The same with 0x600d0016.
    PROBE_STORE_AGAIN = "probe_store_again" 32 0x500   0  8 1024;
    /// `out[i] = i`, workgroups of 64, with the address of `out` in the first two user SGPRs.
    PROBE_IDS         = "probe_ids"         32 0x500   0  8   64;
    /// Arguments `out`, `a`, `b`: `out[0] = a`, `out[1] = b`.
    PROBE_KERNARG     = "probe_kernarg"     32 0x500   0 16 1024;
    /// Argument `out`, workgroups of 64: `out[64 g + i] = 1000 g + 3 (63 - i)`, through LDS.
    PROBE_LDS         = "probe_lds"         32 0x500 256  8   64;
    /// Argument `out`, one workgroup of 64: `out[i] = 64 << 16 | i`.
    PROBE_WAVE64      = "probe_wave64"      64 0x500   0  8   64;
    /// Arguments `to`, `from`, `factor`, `addend`, 64 workgroups of 64: `to[4095 - i] = from[i] * factor + addend`.
    PROBE_MIRROR      = "probe_mirror"      32 0x600   0 24   64;
    /// Never ends.
    PROBE_HANG        = "probe_hang"        32 0x500   0  0 1024;
}
