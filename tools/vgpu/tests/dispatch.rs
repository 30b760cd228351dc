//! Grids of workgroups: what their waves start with, that they run together, and what no chip would start.
#![allow(clippy::unwrap_used)]

use sparkle_rdna3::Target;
use sparkle_vgpu::shader::{
    Chip, Dispatch, DispatchFault, Grid, Inputs, PageTable, Permissions, Program, Silent, Totals,
};

const OUT: u64 = 0x10_0000;

/// Every thread takes the next 16 bytes behind the counter at s[0:1] and stores v0, s2, s3 and s4 there.
const CODE: [u32; 17] = [
    0x7e02_0281, // v_mov_b32 v1, 1
    0x7e06_0280, // v_mov_b32 v3, 0
    0xdcd6_4000, // global_atomic_add_u32 v1, v3, v1, s[0:1] glc
    0x0100_0103, //
    0xbf89_03f7, // s_waitcnt vmcnt(0)
    0x3002_0284, // v_lshlrev_b32 v1, 4, v1
    0x7e04_0300, // v_mov_b32 v2, v0
    0x7e06_0202, // v_mov_b32 v3, s2
    0x7e08_0203, // v_mov_b32 v4, s3
    0x7e0a_0204, // v_mov_b32 v5, s4
    0xdc76_0010, // global_store_b128 v1, v[2:5], s[0:1] offset:16
    0x0000_0201, //
    0xbfb0_0000, // s_endpgm
    0xbf9f_0000, // s_code_end
    0xbf9f_0000, // s_code_end
    0xbf9f_0000, // s_code_end
    0xbf9f_0000, // s_code_end
];

fn memory(bytes: usize) -> PageTable {
    let mut memory = PageTable::default();
    assert!(memory.map(OUT, &vec![0; bytes], Permissions::ALL));
    memory
}

fn inputs() -> Inputs {
    Inputs { user: vec![OUT as u32, 0], group_ids: [true; 3], group_info: false, thread_ids: 2, mode: 0x3f0 }
}

fn dispatch<'a>(program: &'a Program, memory: &'a PageTable, grid: Grid, inputs: &'a Inputs) -> Dispatch<'a> {
    let chip = Chip::GFX1100;
    Dispatch {
        program,
        entry: 0,
        memory,
        chip,
        grid,
        inputs,
        vgprs: 8,
        lds_bytes: 0,
        scratch_bytes: 0,
        wgp_mode: false,
        limit: 1_000_000,
    }
}

#[test]
fn every_thread_of_a_grid_runs_once_with_its_numbers() {
    for target in [Target::GFX1100, Target::GFX1100_WAVE64] {
        let program = Program::new(&CODE, 0x8000, target);
        let mut grid = Grid::new([3, 2, 2], [5, 4, 3]);
        grid.first = [1, 0, 1];
        grid.last_threads = [2, 4, 1];
        let (memory, inputs) = (memory(16 + 16 * 1000), inputs());
        let totals = dispatch(&program, &memory, grid, &inputs).run(&Silent).unwrap();
        // x: groups 1 and 2, the last with 2 threads; y: 0 and 1; z: 1 alone, with 1 thread.
        let mut want = Vec::new();
        for (x, wide) in [(1u32, 5u32), (2, 2)] {
            for y in 0..2 {
                for (i, j) in (0..wide).flat_map(|i| (0..4u32).map(move |j| (i, j))) {
                    want.push([i | j << 10, x, y, 1]);
                }
            }
        }
        let bytes = memory.read(OUT + 16, 16 * want.len()).unwrap();
        let mut found: Vec<[u32; 4]> = bytes
            .as_chunks::<16>()
            .0
            .iter()
            .map(|x| [0, 4, 8, 12].map(|at| u32::from_le_bytes(x[at..at + 4].try_into().unwrap())))
            .collect();
        want.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, want);
        assert_eq!(totals, Totals { groups: 4, waves: 4, instructions: 4 * 11 });
    }
}

#[test]
fn workgroups_wait_for_each_other() {
    // Each workgroup adds 1 to a counter and goes round until it is 6.
    let code = [
        0x7e02_0281, // v_mov_b32 v1, 1
        0x7e06_0280, // v_mov_b32 v3, 0
        0xdcd6_0000, // global_atomic_add_u32 v3, v1, s[0:1]
        0x0000_0103, //
        0xdc52_4000, // loop: global_load_b32 v2, v3, s[0:1] glc
        0x0200_0003, //
        0xbf89_03f7, // s_waitcnt vmcnt(0)
        0x7e08_0502, // v_readfirstlane_b32 s4, v2
        0xbf06_8604, // s_cmp_eq_u32 s4, 6
        0xbfa1_fffa, // s_cbranch_scc0 loop
        0xbfb0_0000, // s_endpgm
    ];
    let program = Program::new(&code, 0x8000, Target::GFX1100);
    let (memory, inputs) = (memory(16), inputs());
    let totals = dispatch(&program, &memory, Grid::new([6, 1, 1], [1, 1, 1]), &inputs).run(&Silent).unwrap();
    assert_eq!(totals.groups, 6);
    // One alone waits for ever.
    let fault = dispatch(&program, &memory, Grid::new([1, 1, 1], [1, 1, 1]), &inputs).run(&Silent).unwrap_err();
    assert!(fault.to_string().ends_with("still running after 1000000 instructions"), "{fault}");
    assert!(fault.to_string().starts_with("workgroup (0, 0, 0), wave 0, byte 0x"), "{fault}");
}

#[test]
fn the_info_word_follows_the_numbers() {
    // s_mov_b32 s2, s3 leaves the info word where the kernel stores it; two waves.
    let mut code = CODE.to_vec();
    code.insert(0, 0xbe82_0003);
    let program = Program::new(&code, 0x8000, Target::GFX1100);
    let (memory, mut inputs) = (memory(16 + 16 * 64), inputs());
    inputs.group_ids = [true, false, false];
    inputs.group_info = true;
    dispatch(&program, &memory, Grid::new([1, 1, 1], [64, 1, 1]), &inputs).run(&Silent).unwrap();
    let bytes = memory.read(OUT + 16, 16 * 64).unwrap();
    for record in bytes.as_chunks::<16>().0 {
        let word = |at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
        // Guide, section 3.5.3.4: first wave 31, wave 24:20, waves 5:0.
        assert_eq!(word(4), if word(0) < 32 { 0x8000_0002 } else { 0x0010_0002 });
    }
}

#[test]
fn what_no_chip_starts_is_refused() {
    let program = Program::new(&CODE, 0x8000, Target::GFX1100);
    let (memory, inputs) = (memory(16), inputs());
    let fails = |change: &dyn Fn(&mut Dispatch<'_>)| {
        let mut dispatch = dispatch(&program, &memory, Grid::new([1; 3], [1; 3]), &inputs);
        change(&mut dispatch);
        let fault = dispatch.run(&Silent).unwrap_err();
        assert!(matches!(fault, DispatchFault::Impossible { .. }), "{fault}");
        fault.to_string()
    };
    assert_eq!(
        fails(&|d| d.grid.threads = [32, 32, 2]),
        "a workgroup's size is 2048, which must be at most 1024 threads"
    );
    fails(&|d| d.grid.threads = [0, 1, 1]);
    fails(&|d| d.grid.last_threads = [2, 1, 1]);
    fails(&|d| d.lds_bytes = 65537);
    fails(&|d| d.vgprs = 257);
    fails(&|d| d.grid.end = [u32::MAX; 3]);
    // 32 waves of 256 registers: in WGP mode 4 SIMDs hold 6 each, in CU mode 2 do.
    fails(&|d| {
        d.grid = Grid::new([1; 3], [1024, 1, 1]);
        d.vgprs = 256;
    });
}

#[test]
fn registers_decide_how_many_waves_fit() {
    use sparkle_rdna3::WaveSize::{Wave32, Wave64};
    // Occupancy as LLVM 19 remarks it for these chips.
    for (vgprs, large, small) in [(64, 16, 16), (96, 16, 10), (120, 12, 8), (168, 9, 5), (256, 5, 4)] {
        let of = |name: &str, wave| Chip::find(name).unwrap().waves(wave, vgprs);
        assert_eq!((of("gfx1101", Wave32), of("gfx1103", Wave32)), (large, small), "{vgprs} VGPRs");
    }
    assert_eq!(Chip::GFX1100.waves(Wave64, 256), 2);
    assert!(Chip::find("gfx1030").is_none());
}
