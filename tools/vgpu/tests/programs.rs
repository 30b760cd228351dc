//! Any program ends without a panic, and what should not matter does not: the encoding, the host's vector extension.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use sparkle_rdna3::{Gfx, Target, WaveSize, decode};
use sparkle_vgpu::shader::{
    Isa, MemoryAccess, Observer, PageTable, Permissions, Program, Silent, VCC, Wave, Workgroup,
};

/// Floats and integers that tend to be special.
fn register() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        prop::sample::select(vec![
            0,
            1,
            0x8000_0000,
            0x7f80_0000,
            0xff80_0000,
            0x7fc0_0001,
            0x7f80_0001,
            0x0080_0000,
            0x007f_ffff,
            0x3f80_0000,
            0xbf80_0001,
            0x4f00_0000,
            0x3c00_7c00,
            0x7c01_8000,
            0xffff_ffff,
            0x7fff_ffff,
            0x10000,
            0x10040,
        ]),
    ]
}

/// Words with the first byte of every encoding, or any.
fn word() -> impl Strategy<Value = u32> {
    let family = prop::sample::select(vec![
        0x00u32, 0x20, 0x40, 0x56, 0x7c, 0x7e, 0x80, 0x8b, 0x95, 0xb0, 0xbe, 0xbf, 0xc8, 0xc9, 0xcc, 0xcd, 0xce, 0xd4,
        0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xe0, 0xe1, 0xe8, 0xf4, 0xf8, 0xf0,
    ]);
    prop_oneof![3 => (family, any::<u32>()).prop_map(|(family, rest)| family << 24 | rest & 0xff_ffff), 1 => any::<u32>()]
}

fn wave(wide: bool, mode: u32, seeds: &[u32]) -> Wave {
    let mut wave = Wave::new(wide, mode);
    let mut seeds = seeds.iter().cycle();
    let mut next =
        |salt: u32| seeds.next().map_or(0, |seed| if salt.is_multiple_of(3) { *seed } else { seed.rotate_left(salt) });
    for index in 0..106 {
        wave.set_scalar(index, next(index.into()));
    }
    for index in 0..=255 {
        for lane in 0..wave.lanes() {
            wave.set_lane(index, lane, next(u32::from(index) + lane));
        }
    }
    wave.scratch = vec![7; 64 * 32];
    wave
}

/// Everything a run leaves.
fn leaves(program: &Program, start: &Wave, memory: &PageTable) -> (Vec<u32>, Vec<u32>, bool, Vec<u8>, Option<String>) {
    let mut group = Workgroup::new(vec![start.clone()], 256);
    let fault = group.run(program, memory, 300, &mut Silent).err().map(|fault| fault.to_string());
    let wave = group.waves.pop().unwrap();
    let lanes = (0..=255).flat_map(|index| (0..wave.lanes()).map(move |lane| (index, lane)));
    let vgprs = lanes.map(|(index, lane)| wave.lane(index, lane)).collect();
    (wave.sgpr.to_vec(), vgprs, wave.scc, group.lds, fault)
}

fn mapped() -> PageTable {
    let mut memory = PageTable::default();
    assert!(memory.map(0x10000, &[0x5a; 4096], Permissions::ALL));
    assert!(memory.map(0, &[3; 4096], Permissions::READ));
    memory
}

#[test]
fn a_loop_without_end_meets_the_limit() {
    // s_branch to itself
    let program = Program::new(&[0xbfa0_ffff], 0, Target::GFX1100);
    let mut group = Workgroup::new(vec![Wave::new(false, 0x3c0)], 0);
    let fault = group.run(&program, &mapped(), 1000, &mut Silent).unwrap_err();
    assert_eq!(fault.to_string(), "wave 0, byte 0x0, `s_branch 65535`: still running after 1000 instructions");
}

#[test]
fn a_wave_that_only_sleeps_is_stopped_long_before_the_limit() {
    // s_sleep 127, and back to it: 8128 clocks a turn, so more than 2^33 after 1056833 turns
    let program = Program::new(&[0xbf83_007f, 0xbfa0_fffe], 0, Target::GFX1100);
    let mut group = Workgroup::new(vec![Wave::new(false, 0x3c0)], 0);
    let fault = group.run(&program, &mapped(), 1 << 30, &mut Silent).unwrap_err();
    assert_eq!(fault.to_string(), "wave 0, byte 0x0, `s_sleep 0x7f`: asleep for 8589938624 clocks in all");
}

#[test]
fn stores_need_permission() {
    // global_store_b32 v0, v0, s[0:1], to the buffer that is for reading
    let program = Program::new(&[0xdc6a_0000, 0x0000_0000], 0, Target::GFX1100);
    let mut group = Workgroup::new(vec![Wave::new(false, 0x3c0)], 0);
    let fault = group.run(&program, &mapped(), 10, &mut Silent).unwrap_err();
    assert!(fault.to_string().ends_with("store of 4 bytes at 0x0, which is not mapped for it"), "{fault}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_words_end_without_a_panic_and_alike_on_every_extension(
        words in prop::collection::vec(word(), 1..24),
        seeds in prop::collection::vec(register(), 16..64),
        wide: bool, chip: bool, mode in prop::sample::select(vec![0x3c0u32, 0x3f0, 0, 0xff, 0x80_03c1, 0x2fa]),
    ) {
        let target = Target {
            gfx: if chip { Gfx::Gfx1100 } else { Gfx::Gfx1150 },
            wave: if wide { WaveSize::Wave64 } else { WaveSize::Wave32 },
        };
        let start = wave(wide, mode, &seeds);
        let all: Vec<_> = Isa::available()
            .into_iter()
            .map(|isa| leaves(&Program::for_isa(&words, 0x1000, target, isa), &start, &mapped()))
            .collect();
        for other in &all {
            prop_assert_eq!(other, &all[0]);
        }
    }

    #[test]
    fn short_and_long_encodings_agree(
        opcode in 1u32..0x40, to in 0u32..128, a in 0u32..128, b in 0u32..128,
        seeds in prop::collection::vec(register(), 16..64),
        vcc: u32, wide: bool, mode in prop::sample::select(vec![0x3c0u32, 0x3f0, 0]),
    ) {
        let short = opcode << 25 | to << 17 | b << 9 | (256 + a);
        // Carries have a scalar destination, masks a third source: VCC both.
        let carry = matches!(opcode, 0x20..=0x22);
        let mask = carry || opcode == 1;
        let long = [
            0xd500_0000 | opcode << 16 | to | if carry { u32::from(VCC) << 8 } else { 0 },
            (256 + a) | ((256 + b) << 9) | if mask { u32::from(VCC) << 18 } else { 0 },
        ];
        let target = if wide { Target::GFX1100_WAVE64 } else { Target::GFX1100 };
        // The operations with a constant of their own have one dword more and no long form.
        if decode(&[short], target).is_err() || decode(&long, target).is_err() {
            return Ok(());
        }
        let mut start = wave(wide, mode, &seeds);
        start.set_scalar(VCC, vcc);
        let end = 0xbfb0_0000;
        let memory = mapped();
        let of_short = leaves(&Program::new(&[short, end], 0, target), &start, &memory);
        let of_long = leaves(&Program::new(&[long[0], long[1], end], 0, target), &start, &memory);
        prop_assert_eq!(of_short, of_long);
    }
}

/// Wants to see every access, so that the engine goes lane by lane.
struct Curious;

impl Observer for Curious {
    const RECORD: bool = true;
    fn before(&mut self, _: &Program, _: &Wave) {}
    fn after(&mut self, _: &Program, _: &Wave, _: usize, _: &[MemoryAccess]) {}
}

/// Loads and stores of v[8:11] and v[12:15] at v0 and, for 64-bit addresses, at v[2:3]; the descriptor is in s[8:11].
const ACCESSES: [[u32; 2]; 26] = [
    [0xd8d8_0004, 0x0c00_0000], // ds_load_b32 v12, v0 offset:4
    [0xd9d8_0000, 0x0c00_0000], // ds_load_b64 v[12:13], v0
    [0xdbf8_0000, 0x0c00_0000], // ds_load_b96 v[12:14], v0
    [0xdbfc_0000, 0x0c00_0000], // ds_load_b128 v[12:15], v0
    [0xd8dc_0301, 0x0c00_0000], // ds_load_2addr_b32 v[12:13], v0 offset0:1 offset1:3
    [0xd9dc_0301, 0x0c00_0000], // ds_load_2addr_b64 v[12:15], v0 offset0:1 offset1:3
    [0xd9dc_0201, 0x0c00_0000], // ds_load_2addr_b64 v[12:15], v0 offset0:1 offset1:2
    [0xd834_0000, 0x0000_0800], // ds_store_b32 v0, v8
    [0xd934_0000, 0x0000_0800], // ds_store_b64 v0, v[8:9]
    [0xdb78_0000, 0x0000_0800], // ds_store_b96 v0, v[8:10]
    [0xdb7c_0000, 0x0000_0800], // ds_store_b128 v0, v[8:11]
    [0xd838_0301, 0x000a_0800], // ds_store_2addr_b32 v0, v8, v10 offset0:1 offset1:3
    [0xd938_0201, 0x000a_0800], // ds_store_2addr_b64 v0, v[8:9], v[10:11] offset0:1 offset1:2
    [0xdc52_0000, 0x0c7c_0002], // global_load_b32 v12, v[2:3], off
    [0xdc56_0000, 0x0c7c_0002], // global_load_b64 v[12:13], v[2:3], off
    [0xdc5a_0000, 0x0c7c_0002], // global_load_b96 v[12:14], v[2:3], off
    [0xdc5e_0000, 0x0c7c_0002], // global_load_b128 v[12:15], v[2:3], off
    [0xdc5e_0008, 0x0c00_0000], // global_load_b128 v[12:15], v0, s[0:1] offset:8
    [0xdc6a_0000, 0x007c_0802], // global_store_b32 v[2:3], v8, off
    [0xdc6e_0000, 0x007c_0802], // global_store_b64 v[2:3], v[8:9], off
    [0xdc72_0000, 0x007c_0802], // global_store_b96 v[2:3], v[8:10], off
    [0xdc76_0000, 0x007c_0802], // global_store_b128 v[2:3], v[8:11], off
    [0xe050_0000, 0x8042_0c00], // buffer_load_b32 v12, v0, s[8:11], 0 offen
    [0xe05c_0000, 0x8042_0c00], // buffer_load_b128 v[12:15], v0, s[8:11], 0 offen
    [0xe068_0000, 0x8042_0800], // buffer_store_b32 v8, v0, s[8:11], 0 offen
    [0xe074_0000, 0x8042_0800], // buffer_store_b128 v[8:11], v0, s[8:11], 0 offen
];

proptest! {
    #[test]
    fn all_lanes_at_once_do_what_each_does(
        wide: bool,
        access in prop::sample::select(ACCESSES.to_vec()),
        step in prop::sample::select(vec![0u32, 1, 2, 4, 8, 12, 16, 20]),
        start in prop::sample::select(vec![0u32, 4, 6, 16, 1000, 3000, 3072, 3584, 4032, 4095, 0xffff_fff0]),
        swap in 0u32..64,
        seeds in prop::collection::vec(any::<u32>(), 1..20),
    ) {
        let target = Target { gfx: Gfx::Gfx1100, wave: if wide { WaveSize::Wave64 } else { WaveSize::Wave32 } };
        let program = Program::new(&[access[0], access[1], 0xbfb0_0000], 0x100, target);
        let mut wave = wave(wide, 0x3f0, &seeds);
        for (index, value) in [(0, 0x10000), (1, 0), (8, 0x10000), (9, 0), (10, 4000), (11, 0x3101_6fac)] {
            wave.set_scalar(index, value);
        }
        for lane in 0..wave.lanes() {
            let offset = start.wrapping_add(step * (lane ^ (swap & swap >> 3)));
            wave.set_lane(0, lane, offset);
            wave.set_lane(2, lane, 0x10000u32.wrapping_add(offset));
            wave.set_lane(3, lane, 0);
        }
        let run = |curious: bool| {
            let contents: Vec<u8> = (0..4096u32).map(|at| ((at * 7) >> 2) as u8).collect();
            let mut memory = PageTable::default();
            assert!(memory.map(0x10000, &contents, Permissions::ALL));
            let mut group = Workgroup::new(vec![wave.clone()], 4096);
            group.lds.copy_from_slice(&contents);
            let result = if curious {
                group.run(&program, &memory, 300, &mut Curious)
            } else {
                group.run(&program, &memory, 300, &mut Silent)
            };
            let wave = group.waves.pop().unwrap();
            let lanes = (8..16).flat_map(|index| (0..wave.lanes()).map(move |lane| (index, lane)));
            let vgprs: Vec<_> = lanes.map(|(index, lane)| wave.lane(index, lane)).collect();
            (vgprs, group.lds, memory.read(0x10000, 4096), result.err().map(|fault| fault.to_string()))
        };
        prop_assert_eq!(run(false), run(true));
    }
}
