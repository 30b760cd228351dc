//! The planner: properties over random problems on every machine model, and known answers.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use sparkle::conv::{CHANNEL_BLOCK, ConvProblem, ConvSpec, DType, Layout, Maths, Padding, WinogradTile};
use sparkle::plan::{
    Algorithm, Family, LoopOrder, MachineModel, MemoryLevel, Stores, TilePlan, WinogradCut, cpu_machine, gpu_model,
    gpu_models, plan, plan_for, side_by_side,
};
use std::collections::BTreeSet;

/// Random problems in all, dealt over [`WORKERS`] threads.
const PROBLEMS: u64 = 100_000;
const WORKERS: u64 = 2;

#[test]
fn random_problems_keep_the_promises_on_every_machine() {
    let machines = machines();
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let machines = &machines;
            scope.spawn(move || {
                for seed in (worker..PROBLEMS).step_by(WORKERS as usize) {
                    check_seed(seed, machines);
                }
            });
        }
    });
}

fn check_seed(seed: u64, [cpus, gpus]: &[Vec<MachineModel>; 2]) {
    let mut random = Random(seed);
    let problem = random.problem();
    // Each instruction set with one of its thread counts, and every GPU.
    let threads = random.below(THREADS.len() as u64) as usize;
    for machine in cpus.iter().skip(threads).step_by(THREADS.len()).chain(gpus) {
        let plan = plan(&problem, machine).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        let context = || format!("seed {seed}: {problem:?}\n{plan}");
        check_numbers(&plan, &problem, machine, &context);
        check_cover(&plan, &problem, &context);
        if seed.is_multiple_of(4) {
            check_bandwidth(&plan, &problem, machine, &mut random, &context);
        }
        if seed.is_multiple_of(16) {
            check_fast(&problem, machine, &mut random, seed);
        }
        if seed.is_multiple_of(8) {
            let again = sparkle::plan::plan(&problem, machine).unwrap();
            assert_eq!(plan, again, "not deterministic, {}", context());
        }
    }
}

/// Footprints within capacities, times finite, blocks as the type promises.
fn check_numbers(plan: &TilePlan, problem: &ConvProblem, machine: &MachineModel, context: &dyn Fn() -> String) {
    assert_eq!(plan.levels.len(), machine.levels.len(), "{}", context());
    for (index, level) in plan.levels.iter().enumerate() {
        assert!(level.capacity_bytes.is_none_or(|most| level.footprint_bytes() <= most), "{}", context());
        assert!(level.footprint_bytes() > 0 && !plan.reason(index, level).is_empty(), "{}", context());
        assert!(level.moved_bytes >= 0.0 && level.moved_bytes.is_finite(), "{}", context());
        assert!(level.seconds >= 0.0 && level.seconds.is_finite(), "{}", context());
        assert!(plan.seconds >= level.seconds, "{}", context());
    }
    for pair in plan.levels.windows(2) {
        assert!(pair[1].moved_bytes <= pair[0].moved_bytes, "an outer level moves more, {}", context());
    }
    let met = met_share(problem, 0) * met_share(problem, 1);
    let peak = met * problem.flops() as f64 / (machine.compute.peak_flops() * plan.variant.rate);
    assert!(plan.seconds.is_finite() && plan.seconds > peak, "faster than the peak, {}", context());
    assert!(plan.candidates > 0 && plan.candidates <= 896, "{} candidates, {}", plan.candidates, context());

    let whole = |block: usize, step: usize, all: usize| block == all || (block < all && block.is_multiple_of(step));
    let channels = problem.group_in_channels();
    let in_rows = plan.shorter.is_some() || plan.variant.family == Family::Lanewise;
    let knows_rows = problem.taps() > 1 || problem.spec().padding != Padding::default();
    let pixels =
        if in_rows && (knows_rows || plan.shorter.is_none()) { problem.output()[1] } else { plan.variant.tile_m };
    assert!(whole(plan.block_m, pixels, plan.gemm.m), "{}", context());
    assert!(whole(plan.block_n, plan.variant.tile_n, plan.gemm.n), "{}", context());
    assert!(whole(plan.block_channels, CHANNEL_BLOCK, channels), "{}", context());
    let outputs = plan.gemm.m * plan.gemm.n * plan.gemm.groups;
    assert_eq!(outputs, problem.output_len(), "{}", context());
}

/// Share of the taps along `axis` that meet data, counted one by one; 0 where there are too many to count.
fn met_share(problem: &ConvProblem, axis: usize) -> f64 {
    let s = problem.spec();
    let (outputs, taps) = (problem.output()[axis], s.kernel[axis]);
    let before = [s.padding.top, s.padding.left][axis];
    if outputs.saturating_mul(taps) > 1 << 16 {
        return 0.0;
    }
    let meets = |output: usize, tap: usize| {
        let at = (output * s.stride[axis] + tap * s.dilation[axis]).checked_sub(before);
        at.is_some_and(|at| at < s.input[axis])
    };
    let met = (0..outputs).flat_map(|output| (0..taps).map(move |tap| (output, tap))).filter(|(o, t)| meets(*o, *t));
    met.count() as f64 / (outputs * taps) as f64
}

/// Small outputs are painted block by block; of large ones the corners of the grid are looked at.
fn check_cover(plan: &TilePlan, problem: &ConvProblem, context: &dyn Fn() -> String) {
    let (gemm, blocks) = (plan.gemm, plan.block_count());
    if problem.output_len() <= 4096 {
        let mut painted = vec![0_u8; problem.output_len()];
        for block in (0..blocks).map(|index| plan.block(index)) {
            for m in block.m.clone() {
                for n in block.n.clone() {
                    painted[(block.group * gemm.m + m) * gemm.n + n] += 1;
                }
            }
        }
        assert!(painted.iter().all(|times| *times == 1), "{}", context());
    }
    let [along_m, along_n] = plan.grid();
    assert_eq!(blocks, along_m * along_n * gemm.groups, "{}", context());
    assert!((along_m - 1) * plan.block_m < gemm.m && gemm.m - (along_m - 1) * plan.block_m <= plan.block_m);
    assert!((along_n - 1) * plan.block_n < gemm.n && gemm.n - (along_n - 1) * plan.block_n <= plan.block_n);
    let (first, last) = (plan.block(0), plan.block(blocks - 1));
    assert_eq!((first.group, first.m.start, first.n.start), (0, 0, 0), "{}", context());
    assert_eq!((last.group, last.m.end, last.n.end), (gemm.groups - 1, gemm.m, gemm.n), "{}", context());
    assert!(plan.block(blocks).m.is_empty(), "{}", context());
}

/// More bandwidth at any level never makes a problem slower.
fn check_bandwidth(
    plan: &TilePlan,
    problem: &ConvProblem,
    machine: &MachineModel,
    random: &mut Random,
    context: &dyn Fn() -> String,
) {
    let mut faster = machine.clone();
    let level = random.below(faster.levels.len() as u64) as usize;
    let factor = 1.0 + random.below(1000) as f64 / 100.0;
    faster.levels[level].bandwidth *= factor;
    let other = sparkle::plan::plan(problem, &faster).unwrap();
    assert!(other.seconds <= plan.seconds, "level {level} times {factor} gives\n{other}\nbefore: {}", context());
    assert_eq!(other.candidates, plan.candidates, "{}", context());
}

/// Fast maths on the problem made dense 3 x 3: sane numbers, no slower than exact maths, and no slower with more bandwidth.
fn check_fast(problem: &ConvProblem, machine: &MachineModel, random: &mut Random, seed: u64) {
    let dense = problem.respecify(|spec| {
        (spec.kernel, spec.stride, spec.groups) = ([3, 3], [1, 1], 1);
        spec.padding = Padding::symmetric(1, 1);
    });
    let Ok(problem) = dense else { return };
    let fast = |machine: &MachineModel| plan_for(&problem, machine, Maths::Fast).unwrap();
    let chosen = fast(machine);
    let context = || format!("seed {seed}: {problem:?}\n{chosen}");
    assert_eq!(chosen, fast(machine), "not deterministic, {}", context());
    let exact = plan_for(&problem, machine, Maths::Exact).unwrap();
    assert_eq!(exact, plan(&problem, machine).unwrap());
    assert_eq!(exact.algorithm, Algorithm::Direct, "{}", context());
    let Algorithm::Winograd(WinogradCut { tile, tiles, strip, block_n, variant, .. }) = chosen.algorithm else {
        return assert_eq!(chosen, exact);
    };
    let outputs = problem.spec().batch * problem.output_pixels();
    let of_tile = tile.outputs() * tile.outputs();
    assert!(tiles <= outputs && tiles >= outputs.div_ceil(of_tile), "{tiles} tiles, {}", context());
    assert!(strip > 0 && strip <= tiles && block_n > 0 && block_n.is_multiple_of(variant.tile_n), "{}", context());
    let least = problem.flops() as f64 / machine.compute.peak_flops() / 4.0;
    assert!(chosen.seconds.is_finite() && chosen.seconds > least, "faster than the peak, {}", context());
    for pair in chosen.levels.windows(2) {
        assert!(pair[1].moved_bytes <= pair[0].moved_bytes, "an outer level moves more, {}", context());
    }
    for level in &chosen.levels {
        assert!(level.capacity_bytes.is_none_or(|most| level.footprint_bytes() <= most), "{}", context());
        assert!(level.footprint_bytes() > 0 && level.moved_bytes >= 0.0 && level.seconds.is_finite(), "{}", context());
    }
    let mut faster = machine.clone();
    let level = random.below(faster.levels.len() as u64) as usize;
    faster.levels[level].bandwidth *= 1.0 + random.below(1000) as f64 / 100.0;
    let other = fast(&faster);
    assert!(other.seconds <= chosen.seconds && other.candidates == chosen.candidates, "{other}\nbefore: {}", context());
    assert_eq!(other.algorithm.tile(), Some(tile), "{}", context());
}

const THREADS: [usize; 5] = [1, 2, 7, 16, 96];

/// CPUs (thread counts vary fastest), GPUs.
fn machines() -> [Vec<MachineModel>; 2] {
    let isas = [("avx512", 16), ("avx2", 8), ("portable", 4)];
    let cpus = isas.iter().flat_map(|(isa, lanes)| THREADS.map(|threads| zen5(isa, *lanes, threads)));
    [cpus.collect(), gpu_models()]
}

fn zen5(isa: &str, lanes: usize, threads: usize) -> MachineModel {
    let clock_hz = 4.2e9;
    let level = |name, capacity_bytes, bytes_per_cycle: f64, shared_by: usize| MemoryLevel {
        name,
        capacity_bytes,
        bandwidth: bytes_per_cycle * clock_hz * shared_by.min(threads) as f64,
        line_bytes: 64,
        shared_by: shared_by.min(threads),
        ways: if name == "L1" { 12 } else { 16 },
    };
    let levels = vec![
        level("L1", Some(48 << 10), 8.0 * lanes as f64, 1),
        level("L2", Some(1 << 20), 64.0, 1),
        level("L3", Some(32 << 20), 27.0, 8),
        level("DRAM", None, 7.0, 96),
    ];
    cpu_machine(format!("{isa} x {threads}"), isa, lanes, 2.0, threads, clock_hz, levels)
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// 1 to 2^`bits`, every magnitude as likely as any other.
    fn extent(&mut self, bits: u64) -> usize {
        let magnitude = self.below(bits + 1);
        1 + self.below(1 << magnitude) as usize
    }

    /// A valid problem: mostly sizes of real layers, one in eight with extents up to 2^40.
    fn problem(&mut self) -> ConvProblem {
        loop {
            let huge = self.below(8) == 0;
            let mut extent = |real: u64| self.extent(if huge { 40 } else { real });
            let (mut groups, mut inputs, mut outputs) = (1, extent(11), extent(11));
            let spec = ConvSpec {
                batch: extent(5),
                input: [extent(8), extent(8)],
                kernel: [extent(3), extent(3)],
                stride: [extent(2), extent(2)],
                dilation: [extent(1), extent(1)],
                ..ConvSpec::default()
            };
            match self.below(4) {
                0 => (groups, inputs, outputs) = (inputs, inputs, inputs.saturating_mul(self.extent(1))),
                1 => {
                    let (a, b) = (self.extent(6), self.extent(6));
                    groups = self.extent(8);
                    (inputs, outputs) = (groups * a, groups * b);
                }
                _ => {}
            }
            let spec = ConvSpec {
                in_channels: inputs,
                out_channels: outputs,
                groups,
                padding: Padding::symmetric(spec.kernel[0] / 2, spec.kernel[1] / 2),
                layout: if self.below(2) == 0 { Layout::Nchw } else { Layout::Nhwc },
                dtype: if self.below(4) == 0 { DType::F16 } else { DType::F32 },
                ..spec
            };
            if let Ok(problem) = ConvProblem::new(spec) {
                return problem;
            }
        }
    }
}

/// A square layer with "same" padding.
fn layer(channels: [usize; 2], map: usize, kernel: usize, groups: usize) -> ConvProblem {
    let [in_channels, out_channels] = channels;
    ConvProblem::new(ConvSpec {
        in_channels,
        out_channels,
        input: [map, map],
        kernel: [kernel, kernel],
        padding: Padding::symmetric(kernel / 2, kernel / 2),
        groups,
        layout: Layout::Nhwc,
        ..ConvSpec::default()
    })
    .unwrap()
}

#[test]
fn resnet_3x3_keeps_all_channels_in_one_pass() {
    let plan = plan(&layer([64, 64], 56, 3, 1), &zen5("avx512", 16, 2)).unwrap();
    assert_eq!(plan.variant.name, "conv2d_f32_bcast_7x32_avx512", "{plan}");
    assert_eq!((plan.block_channels, plan.bound), (64, "FMA"), "{plan}");
    assert_eq!(plan.block_count() % 2, 0, "both threads get as much, {plan}");
    // 231 MFLOP at 538 GFLOP/s take 430 us.
    assert!(plan.seconds > 430e-6 && plan.seconds < 520e-6, "{plan}");
}

/// The tile of the fast plan; `None` for the direct method.
fn fast_tile(problem: &ConvProblem, machine: &MachineModel) -> Option<WinogradTile> {
    plan_for(problem, machine, Maths::Fast).unwrap().algorithm.tile()
}

#[test]
fn fast_maths_take_the_large_tiles_except_on_small_maps_and_few_channels() {
    let machine = zen5("avx512", 16, 1);
    for (channels, map) in [([64, 64], 56), ([128, 128], 28), ([256, 256], 14), ([512, 512], 14), ([320, 320], 64)] {
        assert_eq!(fast_tile(&layer(channels, map, 3, 1), &machine), Some(WinogradTile::F4), "{channels:?} {map}");
    }
    assert_ne!(fast_tile(&layer([512, 512], 7, 3, 1), &machine), Some(WinogradTile::F4));
    let dilated = layer([256, 256], 28, 3, 1).respecify(|spec| {
        (spec.dilation, spec.padding) = ([2, 2], Padding::symmetric(2, 2));
    });
    assert_eq!(fast_tile(&dilated.unwrap(), &machine), Some(WinogradTile::F4));
    for other in
        [layer([3, 64], 224, 3, 1), layer([64, 64], 56, 5, 1), layer([64, 64], 56, 1, 1), layer([64, 64], 56, 3, 2)]
    {
        assert_eq!(fast_tile(&other, &machine), None, "{other:?}");
    }
    let strided = layer([64, 64], 56, 3, 1).respecify(|spec| spec.stride = [2, 2]).unwrap();
    assert_eq!(fast_tile(&strided, &machine), None);
    assert_eq!(fast_tile(&layer([64, 64], 56, 3, 1), &gpu_model("gfx1100").unwrap()), None);
}

#[test]
fn the_algorithm_does_not_depend_on_the_number_of_threads() {
    for (channels, map) in
        [([64, 64], 56), ([512, 512], 7), ([512, 512], 14), ([24, 16], 9), ([32, 32], 8), ([17, 40], 5)]
    {
        let problem = layer(channels, map, 3, 1);
        let tiles = THREADS.map(|threads| fast_tile(&problem, &zen5("avx512", 16, threads)));
        assert!(tiles.windows(2).all(|pair| pair[0] == pair[1]), "{problem:?}: {tiles:?}");
    }
}

#[test]
fn small_maps_with_large_weights_keep_the_weights() {
    let plan = plan(&layer([512, 512], 7, 3, 1), &zen5("avx512", 16, 2)).unwrap();
    assert!(plan.order == LoopOrder::WeightsOuter || plan.grid()[0] == 1, "weights come once, {plan}");
    assert_eq!((plan.variant.tile_m, plan.block_channels), (7, 512), "49 pixels are seven tiles of seven, {plan}");
}

#[test]
fn panels_above_three_quarters_of_l2_are_cut_into_passes() {
    // A panel of 32 x 2048 x 9 floats has 2.25 MiB.
    let plan = plan(&layer([2048, 256], 28, 3, 1), &zen5("avx512", 16, 1)).unwrap();
    let panel = plan.variant.tile_n * plan.block_channels * 9 * size_of::<f32>();
    assert!(plan.block_channels < 2048 && panel <= 3 << 18, "{plan}");
}

#[test]
fn depthwise_and_small_groups_go_lane_by_lane_and_wide_groups_do_not() {
    for isa in [("avx512", 16), ("avx2", 8), ("portable", 4)] {
        let machine = zen5(isa.0, isa.1, 2);
        let family = |problem| plan(&problem, &machine).unwrap().variant.family;
        assert_eq!(family(layer([144, 144], 56, 3, 144)), Family::Lanewise, "{isa:?}");
        assert_eq!(family(layer([128, 128], 56, 3, 32)), Family::Lanewise, "{isa:?}");
        assert_eq!(family(layer([1024, 1024], 14, 3, 32)), Family::Broadcast, "{isa:?}");
    }
}

#[test]
fn lanewise_kernels_are_those_of_the_window() {
    let machine = zen5("avx512", 16, 1);
    let kernel = |problem: ConvProblem| plan(&problem, &machine).unwrap().variant;
    let depthwise = |pixels, kernel| layer([96, 96], pixels, kernel, 96);
    assert_eq!(kernel(depthwise(56, 3)).name, "conv2d_f32_lane_14x16_w3s1c1_avx512");
    assert_eq!(kernel(depthwise(7, 3)).name, "conv2d_f32_lane_7x16_w3s1c1_avx512", "half a tile would idle");
    assert_eq!(kernel(depthwise(56, 7)).name, "conv2d_f32_lane_14x16_w7s1c1_avx512");
    assert_eq!(kernel(depthwise(56, 11)).window, None);
    let dilated = depthwise(56, 3).respecify(|spec| spec.dilation = [2, 2]).unwrap();
    assert_eq!(kernel(dilated).window, None);
    let multiplied = layer([96, 192], 56, 3, 96);
    assert_eq!((kernel(multiplied).family, kernel(multiplied).window), (Family::Lanewise, None));
    // 20 input channels for 4 outputs: a vector of outputs would need more than a vector of inputs.
    assert_eq!(kernel(layer([80, 16], 14, 3, 4)).family, Family::Broadcast);
    assert_eq!(kernel(layer([64, 64], 14, 3, 1)).family, Family::Broadcast);
}

#[test]
fn lanewise_blocks_keep_pixels_whole_where_rows_share_out_evenly() {
    let blocks =
        |pixels, threads| plan(&layer([960, 960], pixels, 3, 960), &zen5("avx512", 16, threads)).unwrap().grid();
    let [along_m, along_n] = blocks(28, 2);
    assert!(along_n == 1 && along_m.is_multiple_of(2), "{along_m} x {along_n}");
    assert_eq!(blocks(7, 1)[1], 1);
    let [along_m, along_n] = blocks(7, 2);
    assert!(along_n > 1 && (along_m * along_n).is_multiple_of(2), "7 rows don't share out, {along_m} x {along_n}");
}

#[test]
fn planes_are_read_as_planes_where_transposing_costs_more() {
    for isa in [("avx512", 16), ("avx2", 8)] {
        let machine = zen5(isa.0, isa.1, 1);
        let family = |problem: ConvProblem, layout| {
            let problem = problem.respecify(|spec| spec.layout = layout).unwrap();
            plan(&problem, &machine).unwrap().variant.family
        };
        for problem in [layer([64, 64], 56, 1, 1), layer([32, 32], 112, 3, 32), layer([3, 64], 112, 3, 1)] {
            assert_eq!(family(problem, Layout::Nchw), Family::Planes, "{isa:?} {problem:?}");
            assert_ne!(family(problem, Layout::Nhwc), Family::Planes, "{isa:?} {problem:?}");
        }
        // 49 pixels fill three vectors of 16 and a lane of a fourth; each is transposed once for 2048 channels.
        assert_eq!(family(layer([512, 2048], 7, 1, 1), Layout::Nchw), Family::Broadcast, "{isa:?}");
        // A single channel is a plane in either layout.
        let single = layer([1, 1], 512, 3, 1);
        assert_eq!([Layout::Nchw, Layout::Nhwc].map(|layout| family(single, layout)), [Family::Planes; 2], "{isa:?}");
    }
}

#[test]
fn a_tiny_layer_is_one_block_on_the_calling_thread() {
    let plan = plan(&layer([16, 16], 4, 1, 1), &zen5("avx512", 16, 16)).unwrap();
    assert_eq!(plan.block_count(), 1, "{plan}");
    assert!(plan.seconds < 1e-6, "{plan}");
}

#[test]
fn the_input_of_a_block_counts_shared_pixels_once() {
    let plan = plan(&layer([64, 64], 56, 3, 1), &zen5("avx512", 16, 1)).unwrap();
    // All input, weights and output together: what L3 holds.
    let bytes = (64 * 56 * 56 + 64 * 64 * 9 + 64 * 56 * 56) * size_of::<f32>();
    assert_eq!(plan.levels[2].footprint_bytes(), bytes as u64, "{plan}");
    // L3 sends input and weights and takes the output: once each, not once a tap.
    assert!(plan.levels[2].moved_bytes < 1.5 * bytes as f64, "{plan}");
}

#[test]
fn outputs_above_a_quarter_of_the_last_cache_are_streamed() {
    let machine = zen5("avx512", 16, 1);
    let last = machine.levels.iter().rev().find_map(|level| level.capacity_bytes).unwrap() as usize;
    let of_rows = |rows: usize| {
        let problem = layer([64, 64], 64, 1, 1).respecify(|spec| spec.input = [rows, 64]).unwrap();
        (problem.output_len() * size_of::<f32>(), plan(&problem, &machine).unwrap().stores)
    };
    let row_bytes = 64 * 64 * size_of::<f32>();
    assert_eq!(of_rows(last / 4 / row_bytes), (last / 4, Stores::Cached));
    assert_eq!(of_rows(last / 4 / row_bytes + 1), (last / 4 + row_bytes, Stores::Streaming));
    let gpu = plan(&layer([256, 256], 512, 1, 1), &gpu_model("gfx1100").unwrap()).unwrap();
    assert_eq!(gpu.stores, Stores::Cached, "{gpu}");
}

#[test]
fn f16_problems_take_f16_kernels_or_f32_ones_that_widen() {
    let half = layer([64, 64], 56, 3, 1).respecify(|spec| spec.dtype = DType::F16).unwrap();
    let dtype = |machine: &MachineModel| plan(&half, machine).unwrap().variant.dtype;
    assert_eq!(dtype(&zen5("avx2", 8, 2)), DType::F32);
    assert_eq!(dtype(&gpu_model("gfx1100").unwrap()), DType::F16);
}

#[test]
fn a_machine_without_kernels_is_refused() {
    let mut machine = zen5("avx2", 8, 2);
    machine.variants.clear();
    let error = plan(&layer([64, 64], 56, 3, 1), &machine).unwrap_err();
    assert_eq!(error.to_string(), "avx2 x 2 has no kernel for f32 convolution");
}

#[test]
fn rows_that_evict_each_other_are_taken_in_small_tiles() {
    // 1024 floats a pixel: all pixels of a tile map to one set of a 48 KiB cache of 12 ways.
    let plan = plan(&layer([1024, 256], 14, 1, 1), &zen5("avx512", 16, 1)).unwrap();
    assert!(plan.variant.tile_m <= 12, "{plan}");
}

#[test]
fn large_f32_layers_reach_the_modelled_share_of_gfx1100() {
    // 4096 x 4096 x 4096 as a 1x1 layer; the cycle model gives 0.86 of the peak for the whole kernel.
    let gpu = gpu_model("gfx1100").unwrap();
    let problem = layer([4096, 4096], 64, 1, 1);
    let plan = plan(&problem, &gpu).unwrap();
    let share = problem.flops() as f64 / plan.seconds / gpu.compute.peak_flops();
    assert_eq!(plan.variant.name, "conv2d_f32_nhwc_128x128x8_w32", "{plan}");
    assert!((0.80..0.95).contains(&share), "{share}, {plan}");
    assert!((gpu.compute.peak_flops() / 1e12 - 61.4).abs() < 0.1, "published: 61.4 TFLOP/s");
}

#[test]
fn parts_with_1024_registers_have_no_128x128_f32_tile() {
    let has = |name: &str| {
        let variants = gpu_model(name).unwrap().variants;
        variants.iter().any(|v| v.dtype == DType::F32 && v.tile_m * v.tile_n == 128 * 128)
    };
    let names = ["gfx1100", "gfx1101", "gfx1102", "gfx1103", "gfx1150", "gfx1151"];
    assert_eq!(names.map(has), [true, true, false, false, false, true]);
}

#[test]
fn plans_stand_side_by_side() {
    let problem = layer([64, 64], 56, 3, 1);
    let plans = [zen5("avx512", 16, 2), gpu_model("gfx1100").unwrap()].map(|machine| plan(&problem, &machine).unwrap());
    let text = side_by_side(&plans);
    let line = |title: &str| text.lines().find(|line| line.starts_with(title)).unwrap().to_owned();
    assert!(line("machine").contains("avx512 x 2") && line("machine").contains("gfx1100"), "{text}");
    assert_eq!(line("product").matches("m 3136 x n 64 x k 576").count(), 2, "{text}");
    assert!(line("L1").contains("LDS"), "{text}");
    assert_eq!(side_by_side(&[]), "", "no plans, no cells");
}

/// ResNet-50's shapes (first image size, channels, filter, stride), as in `sparkle-run bench`.
const RESNET50: &[[usize; 5]] = &[
    [224, 3, 64, 7, 2],
    [56, 64, 64, 1, 1],
    [56, 64, 64, 3, 1],
    [56, 64, 256, 1, 1],
    [56, 256, 64, 1, 1],
    [56, 256, 128, 1, 1],
    [56, 128, 128, 3, 2],
    [28, 128, 512, 1, 1],
    [56, 256, 512, 1, 2],
    [28, 512, 128, 1, 1],
    [28, 128, 128, 3, 1],
    [28, 512, 256, 1, 1],
    [28, 256, 256, 3, 2],
    [14, 256, 1024, 1, 1],
    [28, 512, 1024, 1, 2],
    [14, 1024, 256, 1, 1],
    [14, 256, 256, 3, 1],
    [14, 1024, 512, 1, 1],
    [14, 512, 512, 3, 2],
    [7, 512, 2048, 1, 1],
    [14, 1024, 2048, 1, 2],
    [7, 2048, 512, 1, 1],
    [7, 512, 512, 3, 1],
];

/// How much longer than the mean the busiest of `threads` threads works, as the CPU backend shares blocks out: each has a
/// run of them, and takes another one's last where two are left there.
fn simulated_imbalance(plan: &TilePlan, threads: usize) -> f64 {
    let cost = |index: usize| {
        let block = plan.block(index);
        block.m.len().div_ceil(plan.variant.tile_m) * block.n.len().div_ceil(plan.variant.tile_n)
    };
    let mut left: Vec<_> = (0..threads).map(|thread| run_of(plan, thread, threads)).collect();
    let (mut busy, mut done) = (vec![0_usize; threads], vec![false; threads]);
    while let Some(thread) = (0..threads).filter(|thread| !done[*thread]).min_by_key(|thread| busy[*thread]) {
        let others = (1..threads).map(|behind| (thread + behind) % threads);
        let block = left[thread].next().or_else(|| {
            let other = others.into_iter().find(|other| left[*other].len() > 1)?;
            left[other].next_back()
        });
        match block {
            Some(block) => busy[thread] += cost(block),
            None => done[thread] = true,
        }
    }
    let total: usize = busy.iter().sum();
    *busy.iter().max().unwrap() as f64 * threads as f64 / total as f64 - 1.0
}

/// The blocks that thread `thread` of `threads` begins with.
fn run_of(plan: &TilePlan, thread: usize, threads: usize) -> std::ops::Range<usize> {
    plan.block_count() * thread / threads..plan.block_count() * (thread + 1) / threads
}

#[test]
fn batches_of_16_share_out_evenly_over_many_threads() {
    let mut uneven = Vec::new();
    for [map, in_channels, out_channels, kernel, stride] in RESNET50.iter().copied() {
        let batch = layer([in_channels, out_channels], map, kernel, 1).respecify(|spec| {
            spec.batch = 16;
            spec.stride = [stride, stride];
        });
        let batch = batch.unwrap();
        for threads in [2, 4, 8, 16, 32, 64, 128] {
            let plan = plan(&batch, &zen5("avx512", 16, threads)).unwrap();
            let imbalance = simulated_imbalance(&plan, threads);
            if imbalance >= 0.05 {
                uneven.push(format!(
                    "{map} {in_channels} -> {out_channels}, {threads} threads: {imbalance:.3}, {} blocks",
                    plan.block_count()
                ));
            }
        }
    }
    assert!(uneven.is_empty(), "{} uneven:\n{}", uneven.len(), uneven.join("\n"));
}

#[test]
fn two_threads_share_odd_maps_evenly_and_few_pixels_by_channels() {
    // MobileNetV2's depthwise layers with 7 rows of output: a row is shared, all others belong to one thread.
    for (channels, map, stride) in [(960, 7, 1), (576, 14, 2)] {
        let problem = layer([channels, channels], map, 3, channels).respecify(|spec| spec.stride = [stride, stride]);
        let plan = plan(&problem.unwrap(), &zen5("avx512", 16, 2)).unwrap();
        let imbalance = simulated_imbalance(&plan, 2);
        assert!(imbalance < 0.02, "{channels} channels: {imbalance:.3}\n{plan}");
        let pixels = |thread| run_of(&plan, thread, 2).flat_map(|index| plan.block(index).m).collect::<BTreeSet<_>>();
        let shared = pixels(0).intersection(&pixels(1)).count();
        assert!(shared <= 7, "{shared} pixels of {channels} channels are written by both threads\n{plan}");
    }
}

#[test]
fn tiles_are_not_pointed_at_their_input_twice_for_half_a_percent() {
    // Inception's 5x5 layer: 175 tiles of 7 pixels are 88 and 87, and 25 taps make pointers dear.
    let problem = layer([48, 64], 35, 5, 1);
    let plan = plan(&problem, &zen5("avx512", 16, 2)).unwrap();
    assert_eq!(plan.block_n, plan.gemm.n, "{plan}");
}
