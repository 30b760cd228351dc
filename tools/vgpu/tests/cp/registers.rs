//! Packets that set registers.

use sparkle_pm4::registers::RegOffset;

use super::bench::{Bench, DATA};

const LO: u32 = 0x0050_0000;
const HI: u32 = 1;

fn get(bench: &Bench, dwords: u32) -> Option<u32> {
    bench.processor.registers().get(RegOffset::new(dwords))
}

#[test]
fn each_space_has_its_packet() {
    let mut bench = Bench::gfx(&[]);
    bench.done(&[
        0xc002_7600,
        0x0000_0240,
        0x11,
        0x12, // COMPUTE_USER_DATA_0, 1
        0xc001_7602,
        0x0000_0242,
        0x13, // with the bit for compute
        0xc002_9b00,
        0x3000_0216,
        0x21,
        0x22, // STATIC_THREAD_MGMT_SE0, SE1 under the kernel's mask
        0xc001_7900,
        0x0000_0040,
        0x31, // SCRATCH_REG0
        0xc001_7a00,
        0x2000_0243,
        0x41, // VGT_INDEX_TYPE
        0xc001_6900,
        0x0000_0104,
        0x51, // CB_RMI_GL2_CACHE_CONTROL
    ]);
    for (register, value) in [
        (0x2e40, 0x11),
        (0x2e41, 0x12),
        (0x2e42, 0x13),
        (0x2e16, 0x21),
        (0x2e17, 0x22),
        (0xc040, 0x31),
        (0xc243, 0x41),
        (0xa104, 0x51),
    ] {
        assert_eq!(get(&bench, register), Some(value), "{register:#x}");
    }
}

#[test]
fn pairs_have_an_offset_each() {
    let mut bench = Bench::gfx(&[]);
    bench.done(&[
        0xc003_ba04,
        0x0240,
        0x11,
        0x0242,
        0x12, // SET_SH_REG_PAIRS
        0xc003_bb04,
        2,
        0x0244_0243,
        0x13,
        0x14, // SET_SH_REG_PAIRS_PACKED
        0xc003_bd04,
        2,
        0x0246_0245,
        0x15,
        0x16, // SET_SH_REG_PAIRS_PACKED_N
        0xc003_b804,
        0x0104,
        0x21,
        0x0105,
        0x22, // SET_CONTEXT_REG_PAIRS
        0xc003_b904,
        2,
        0x0107_0106,
        0x23,
        0x24, // SET_CONTEXT_REG_PAIRS_PACKED
    ]);
    for (register, value) in [
        (0x2e40, 0x11),
        (0x2e42, 0x12),
        (0x2e43, 0x13),
        (0x2e44, 0x14),
        (0x2e45, 0x15),
        (0x2e46, 0x16),
        (0xa104, 0x21),
        (0xa105, 0x22),
        (0xa106, 0x23),
        (0xa107, 0x24),
    ] {
        assert_eq!(get(&bench, register), Some(value), "{register:#x}");
    }
    let (why, _) = Bench::gfx(&[]).hang(&[0xc003_bb04, 4, 0x0244_0243, 0x13, 0x14]);
    assert_eq!(why, "the packet counts 4 registers and holds 2");
}

#[test]
fn what_is_not_a_client_s_is_refused() {
    // Behind the last SH register.
    let why = Bench::compute(&[]).illegal(&[0xc002_7600, 0x0000_03ff, 1, 2]);
    assert_eq!(why, "register 0x3000 is outside of the Sh registers");
    // An absolute offset in place of a relative one: COMPUTE_PGM_RSRC1 is 0x212.
    let why = Bench::compute(&[]).illegal(&[0xc001_7600, 0x0000_2e12, 1]);
    assert_eq!(why, "register 0x5a12 is outside of the Sh registers");
    // COMPUTE_VMID.
    let (why, _) = Bench::compute(&[]).hang(&[0xc001_7600, 0x0000_0214, 1]);
    assert_eq!(why, "COMPUTE_VMID is the hardware's and its firmware's: a stream never sets it");
    let (why, _) = Bench::compute(&[]).hang(&[0xc001_6900, 0x0000_0104, 1]);
    assert_eq!(why, "SET_CONTEXT_REG is no packet of compute rings");
    let (why, _) = Bench::compute(&[]).hang(&[0xc001_9b00, 0x1000_0216, 1]);
    assert_eq!(why, "SET_SH_REG_INDEX with index INSERT_VMID is not modelled");
}

#[test]
fn registers_are_loaded_from_memory() {
    let mut bench = Bench::compute(&[0, 0x11, 0x12, 0x13]);
    bench.done(&[0xc003_6300, LO + 4, HI, 0x0000_0240, 3]);
    assert_eq!([0x2e40, 0x2e41, 0x2e42, 0x2e43].map(|at| get(&bench, at)), [Some(0x11), Some(0x12), Some(0x13), None]);
    // From the base with index 4, on the graphics ring.
    let mut bench = Bench::gfx(&[0, 0x11, 0x12]);
    bench.done(&[0xc002_1100, 4, LO, HI, 0xc003_6300, 1, 4, 0x0000_0240, 2]);
    assert_eq!([0x2e40, 0x2e41].map(|at| get(&bench, at)), [Some(0x11), Some(0x12)]);
    let (why, _) = Bench::gfx(&[]).hang(&[0xc003_6300, 1, 4, 0x0000_0240, 2]);
    assert_eq!(why, "the load counts from the base with index 4, which no SET_BASE has set");
    let (why, _) = Bench::gfx(&[]).hang(&[0xc003_5f00, LO, HI, 0x0000_0240, 3]);
    assert_eq!(why, "LOAD_SH_REG is not modelled");
}

#[test]
fn bits_of_registers_are_changed() {
    let mut bench = Bench::gfx(&[]);
    bench.done(&[
        0xc001_7900,
        0x0000_0040,
        0x0000_ffff, // SCRATCH_REG0
        0xc002_2100,
        0x0000_c040,
        0xffff_fff0,
        0x0000_0105, // REG_RMW: & then |
        0xc001_6900,
        0x0000_0104,
        0x1111_1111,
        0xc002_5100,
        0x0000_0104,
        0x0000_ff00,
        0x2222_2222, // CONTEXT_REG_RMW: under the mask
    ]);
    assert_eq!(get(&bench, 0xc040), Some(0x0000_fff5));
    assert_eq!(get(&bench, 0xa104), Some(0x1111_2211));
}

#[test]
fn clear_state_forgets_context_registers_alone() {
    let mut bench = Bench::gfx(&[]);
    bench.done(&[0xc001_6900, 0x0000_0104, 1, 0xc001_7600, 0x0000_0240, 2, 0xc000_1200, 0]);
    assert_eq!((get(&bench, 0xa104), get(&bench, 0x2e40)), (None, Some(2)));
}

#[test]
fn registers_stay_from_job_to_job() {
    let mut bench = Bench::compute(&[]);
    bench.done(&[0xc001_7600, 0x0000_0240, 7]);
    let next = bench.stream(0x2_0010_0000, &[0xffff_1000]);
    assert!(bench.job(&sparkle_vgpu::cp::Job::new(vec![next])).is_done());
    assert_eq!(get(&bench, 0x2e40), Some(7));
    assert!(!bench.processor.registers().is_fresh(RegOffset::new(0x2e40)));
    assert_eq!(bench.word(DATA), 0);
}

#[test]
fn a_new_compute_queue_has_four_engines_on() {
    let bench = Bench::compute(&[]);
    let masks = [0x2e16, 0x2e17, 0x2e19, 0x2e1a, 0x2e2b, 0x2e2c].map(|at| get(&bench, at));
    assert_eq!(masks, [Some(u32::MAX), Some(u32::MAX), Some(u32::MAX), Some(u32::MAX), None, None]);
}

#[test]
fn context_control_loads_nothing() {
    Bench::gfx(&[]).done(&[0xc001_2800, 0x8000_0000, 0x8000_0000]);
    let (why, _) = Bench::gfx(&[]).hang(&[0xc001_2800, 0x8101_8003, 0]);
    assert_eq!(why, "CONTEXT_CONTROL that loads or shadows registers is not modelled");
}
