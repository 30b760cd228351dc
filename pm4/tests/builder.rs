//! The builder: against streams that were written down elsewhere, dword for dword, and what it refuses.
#![allow(clippy::unwrap_used)]

use sparkle_pm4::packets::values::*;
use sparkle_pm4::packets::*;
use sparkle_pm4::registers::{ComputeDispatchInitiator, RegOffset, offset};
use sparkle_pm4::{BuildError, CommandBuffer, Gfx, Ring};

fn hex(text: &str) -> Vec<u32> {
    text.split_whitespace().map(|word| u32::from_str_radix(word, 16).unwrap()).collect()
}

/// A compute stream of so many NOPs.
fn nops(count: usize, limit: usize) -> CommandBuffer {
    let mut stream = CommandBuffer::with_limit(Gfx::GFX1100, Ring::Compute, limit);
    for _ in 0..count {
        stream.push(&Nop::new(&[])).unwrap();
    }
    stream
}

fn compute() -> CommandBuffer {
    CommandBuffer::new(Gfx::GFX1100, Ring::Compute)
}

#[test]
fn nothing_is_appended_unless_it_fits() {
    // Rounded down to 8, so that padding always fits.
    let mut stream = CommandBuffer::with_limit(Gfx::GFX1100, Ring::Compute, 13);
    stream.set_registers(offset::COMPUTE_START_X, &[0, 0, 0]).unwrap();
    let before = stream.words().to_vec();
    let error = stream.set_registers(offset::COMPUTE_PGM_LO, &[1, 0]).unwrap_err();
    assert_eq!(error, BuildError::NoRoom { name: "SET_SH_REG", need: 4, room: 3 });
    assert_eq!(stream.words(), before);
    stream.pad().unwrap();
    assert_eq!(stream.len(), 8);
}

#[test]
fn the_registers_range_picks_the_packet() {
    let mut stream = CommandBuffer::new(Gfx::GFX1100, Ring::Gfx);
    // COMPUTE_PGM_RSRC1 is at byte 0xB848, GRBM_GFX_INDEX at 0x30800, CB_COLOR0_INFO at 0x28C70. Source: Mesa `gfx11.json`.
    stream.set_register(RegOffset::new(0xB848 / 4), 1).unwrap();
    stream.set_register(RegOffset::new(0x30800 / 4), 2).unwrap();
    stream.set_register(RegOffset::new(0x28C70 / 4), 3).unwrap();
    assert_eq!(stream.words(), [0xC001_7600, 0x212, 1, 0xC001_7900, 0x200, 2, 0xC001_6900, 0x31C, 3]);
}

#[test]
fn registers_that_no_packet_may_set_are_refused() {
    let mut stream = compute();
    for (register, what) in [
        (0x2C00 + 0x214, "COMPUTE_VMID"),
        (0x2C00 + 0x230, "COMPUTE_RELAUNCH"),
        (0x2C00 + 0x21F, "COMPUTE_MISC_RESERVED"),
        (0x2C00 + 0x200, "COMPUTE_DISPATCH_INITIATOR, which the dispatch packet writes"),
        (0x2C00 + 0x201, "COMPUTE_DIM_X, which the dispatch packet writes"),
        (0x2C00 + 0x223, "a hole among the COMPUTE registers"),
        (0x2C08, "SPI_SHADER_PGM_LO_PS on a compute ring"),
        (0x2000, "a CONFIG register"),
        (0x3000, "between the spaces"),
        (0xA1F7, "a CONTEXT register on a compute ring"),
        (0x2_0000, "past the end"),
        (u32::MAX, "the last one"),
    ] {
        assert!(stream.set_register(RegOffset::new(register), 0).is_err(), "{what}");
    }
    // The same by a packet of the caller's own.
    for offset in [0x214, 0x200, 0x223, 0x3FF, 0xFFFF] {
        assert!(stream.push(&SetShReg::new(&[1]).with_reg_offset(offset).unwrap()).is_err(), "{offset:#x}");
    }
    assert!(stream.is_empty());
    // The last SH register, and one more.
    assert!(stream.set_registers(RegOffset::new(0x2FFF), &[0, 0]).is_err());
    // gfx10.3 has the relaunch state where gfx11 has the thread masks of SE4.
    assert!(stream.set_register(RegOffset::new(0x2C00 + 0x22B), 0).is_ok());
    let mut older = CommandBuffer::new("gfx1030".parse().unwrap(), Ring::Compute);
    assert!(older.set_register(RegOffset::new(0x2C00 + 0x22B), 0).is_err());
}

#[test]
fn padding_makes_multiples_of_eight() {
    for words in 0..20_usize {
        let mut stream = nops(words, 64);
        stream.pad().unwrap();
        assert_eq!(stream.len(), words.next_multiple_of(8));
        match words % 8 {
            0 => {}
            7 => assert_eq!(stream.words()[words], 0xFFFF_1000),
            short => assert_eq!(stream.words()[words], 0xC000_1000 | (6 - short as u32) << 16),
        }
    }
}

#[test]
fn a_chain_ends_on_the_boundary() {
    for words in 0..9_usize {
        let mut stream = nops(words, 64);
        stream.chain(0x1_0040_0000, 64).unwrap();
        assert!(stream.len().is_multiple_of(8));
        // CHAIN is bit 20, VALID bit 23. Source: PAL `PM4_MEC_INDIRECT_BUFFER`.
        assert_eq!(stream.words()[stream.len() - 4..], [0xC002_3F00, 0x0040_0000, 1, 0x0090_0040]);
    }
    let mut full = nops(5, 8);
    assert!(full.chain(0x1000, 8).is_err());
    assert_eq!(full.len(), 5);
}

#[test]
fn a_chain_is_the_end() {
    let mut stream = compute();
    assert_eq!(stream.chain(0x1000, 0).map(|_| ()), Err(BuildError::EmptyTarget));
    stream.chain(0x1000, 8).unwrap();
    assert_eq!(stream.push(&Nop::new(&[])).map(|_| ()), Err(BuildError::Ended { name: "NOP" }));
    assert_eq!(stream.len(), 8);
    stream.clear();
    assert!(stream.push(&Nop::new(&[])).is_ok());
}

#[test]
fn a_compute_ring_refuses_packets_of_the_graphics_ring() {
    let mut stream = compute();
    let error = stream.push(&ContextControl::new()).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "CONTEXT_CONTROL is no packet of a compute ring of gfx1100");
    assert!(stream.push(&PfpSyncMe::new()).is_err());
    assert!(stream.push_predicated(&DispatchDirect::new()).is_err());
    assert!(stream.is_empty());
    let mut graphics = CommandBuffer::new(Gfx::GFX1100, Ring::Gfx);
    assert!(graphics.push(&ContextControl::new()).is_ok());
}

#[test]
fn a_packet_that_no_header_can_say_is_refused() {
    let mut stream = compute();
    let data = vec![0; 0x4000];
    assert!(matches!(stream.push(&WriteData::new(&data)), Err(BuildError::Length { .. })));
    assert!(matches!(stream.push(&WriteData::new(&[])), Err(BuildError::Length { .. })));
    assert!(matches!(stream.push(&Nop::new(&data)), Err(BuildError::Length { .. })));
    assert!(stream.is_empty());
    stream.push(&Nop::new(&data[..0x3FFF])).unwrap();
    assert_eq!((stream.words()[0], stream.len()), (0xFFFE_1000, 0x4000));
}

#[test]
fn a_field_that_is_too_large_is_refused_with_its_name() {
    let error =
        DispatchDirect::new().with_dim_x(4).and_then(|_| IndirectBuffer::new().with_ib_size(1 << 20)).unwrap_err();
    assert!(error.to_string().contains("ib_size = 0x100000 does not fit 20 bits"), "{error}");
    let error = IndirectBuffer::new().with_ib_base(0x1002).unwrap_err();
    assert!(error.to_string().contains("0x1002"), "{error}");
}

/// The form of libdrm and PAL. Source: data/samples/bc250-gfx10_1/ib_g1.hex, which ran on hardware (there the headers also
/// have shader_type set).
#[test]
fn masks_of_compute_units_are_masked_by_the_kernels() {
    let mut stream = compute();
    stream.set_cu_masks(offset::COMPUTE_STATIC_THREAD_MGMT_SE0, &[!0, !0]).unwrap();
    assert_eq!(stream.words(), [0xC002_9B00, 0x3000_0216, !0, !0]);
    assert!(stream.set_cu_masks(offset::GRBM_GFX_INDEX, &[0]).is_err());
}

#[test]
fn a_predicated_packet_says_so_in_its_header() {
    let mut stream = CommandBuffer::new(Gfx::GFX1100, Ring::Gfx);
    stream.push_predicated(&DispatchDirect::new()).unwrap();
    assert_eq!(stream.words()[0], 0xC003_1503);
}

/// The worked example of a dispatch: 256-thread workgroups in wave64, 6 user SGPRs, 4 workgroups.
/// Source: data/samples/examples-gfx11/c_dispatch_wave64_user6.hex, which Mesa's parser reads without complaint.
#[test]
fn a_whole_dispatch_is_built_dword_for_dword() {
    let build = || -> Result<CommandBuffer, BuildError> {
        let mut stream = CommandBuffer::with_limit(Gfx::GFX1100, Ring::Compute, 128);
        stream.push(&AcquireMem::whole_memory(GcrCntl(0xC3B1))?)?;
        stream.set_registers(offset::COMPUTE_STATIC_THREAD_MGMT_SE0, &[!0, !0, 0, !0, !0])?;
        stream.set_registers(offset::COMPUTE_USER_ACCUM_0, &[0; 4])?;
        stream.set_registers(offset::COMPUTE_STATIC_THREAD_MGMT_SE4, &[!0, !0, !0, !0, 256])?;
        stream.set_register(offset::COMPUTE_DISPATCH_TUNNEL, 0)?;
        stream.set_registers(offset::COMPUTE_START_X, &[0; 3])?;
        stream.set_registers(offset::COMPUTE_PGM_LO, &[0x0100_0000, 0])?;
        stream.set_registers(offset::COMPUTE_PGM_RSRC1, &[0x60AC_0000, 0x8C])?;
        stream.set_register(offset::COMPUTE_PGM_RSRC3, 0x10)?;
        stream.set_register(offset::COMPUTE_RESOURCE_LIMITS, 0)?;
        stream.set_registers(offset::COMPUTE_NUM_THREAD_X, &[256, 1, 1])?;
        stream.set_registers(offset::COMPUTE_USER_DATA_0, &[0x0020_0000, 1, 0x0030_0000, 1, 1000, 7])?;
        stream.push(&DispatchDirect::groups([4, 1, 1], ComputeDispatchInitiator(0x45)))?;
        stream.push(&EventWrite::cs_partial_flush())?;
        stream.push(&ReleaseMem::signal32(0x1_0040_0000, 1)?)?;
        stream.pad()?;
        Ok(stream)
    };
    let expected = hex(include_str!("../data/samples/examples-gfx11/c_dispatch_wave64_user6.hex"));
    assert_eq!(build().unwrap().words(), expected);
}
