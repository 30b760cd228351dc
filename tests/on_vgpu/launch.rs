//! Launches of kernels that see how they were launched.

use super::machine::{Machine, soon};
use sparkle::amdgpu::GpuVa;
use sparkle::backend::gpu::{Arg, Buffer, Dispatch, Error, Gpu, Grid, LoadOptions, Memory, Module, SUBMISSION_LIMIT};
use sparkle_vgpu::kmd::Flavour;
use std::time::Duration;

pub fn object(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/on_vgpu/objects/{name}.co", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Each object with a chip that runs it.
const OBJECTS: [(&str, &str); 9] = [
    ("gfx1100.w32", "gfx1100"),
    ("gfx1100.w64", "gfx1100"),
    ("gfx1100.v4", "gfx1100"),
    ("gfx1102.w32", "gfx1102"),
    ("gfx1103.w32", "gfx1103"),
    ("generic.w32", "gfx1100"),
    ("generic.w32", "gfx1101"),
    ("generic.w64", "gfx1102"),
    ("generic.w32", "gfx1103"),
];

/// Runs `test` with each object, and then listens to the device.
fn everywhere(test: impl Fn(&str, &Gpu, &Module)) {
    for (number, (name, chip)) in OBJECTS.into_iter().enumerate() {
        let flavour = Flavour::ALL[number % Flavour::ALL.len()];
        let machine = Machine::new(flavour, chip);
        let gpu = machine.gpu();
        let module = Module::load(&gpu, &object(name)).unwrap();
        test(name, &gpu, &module);
        drop((gpu, module));
        let findings = machine.findings();
        assert!(findings.is_empty(), "{name} on {chip}, {flavour:?}:\n{}", findings.join("\n"));
    }
}

fn words(gpu: &Gpu, values: &[u32]) -> Buffer {
    let mut buffer = gpu.buffer(Memory::Host, values.len() as u64 * 4).unwrap();
    buffer.write(0, values).unwrap();
    buffer
}

fn run(gpu: &Gpu, module: &Module, kernel: &str, grid: Grid, args: &[Arg<'_>]) {
    let kernel = module.kernel(kernel).unwrap();
    gpu.stream().unwrap().launch(&Dispatch::new(&kernel, grid, args)).unwrap().wait(soon()).unwrap();
}

/// The example of the module's documentation.
#[test]
fn an_embedders_first_kernel() {
    everywhere(|name, gpu, module| {
        let scale = module.kernel("scale").unwrap();
        let mut x = gpu.buffer(Memory::Device, 4096).unwrap();
        x.write(0, &[1.5_f32; 1024]).unwrap();
        let mut stream = gpu.stream().unwrap();
        let args = [(&x).into(), 2.0_f32.into()];
        let dispatch = Dispatch::new(&scale, Grid::workgroups([16, 1, 1], [64, 1, 1]), &args);
        stream.launch(&dispatch).unwrap().wait(soon()).unwrap();
        assert_eq!(x.read_vec::<f32>(0, 1024).unwrap(), [3.0; 1024], "{name}");
    });
}

#[test]
fn dispatches_of_a_list_see_each_other() {
    everywhere(|name, gpu, module| {
        let step = module.kernel("step").unwrap();
        let (a, b) = (words(gpu, &[1; 256]), words(gpu, &[0; 256]));
        let mut stream = gpu.stream().unwrap();
        let mut list = stream.list().unwrap();
        let mut want = 1_u32;
        for by in 0..20_u32 {
            let (from, to) = if by % 2 == 0 { (&a, &b) } else { (&b, &a) };
            let args = [from.into(), to.into(), by.into()];
            list.dispatch(&Dispatch::new(&step, Grid::workgroups([4, 1, 1], [64, 1, 1]), &args)).unwrap();
            want = want.wrapping_mul(2).wrapping_add(by);
        }
        assert_eq!(list.dispatches(), 20);
        stream.submit(&mut list).unwrap().wait(soon()).unwrap();
        assert_eq!(a.read_vec::<u32>(0, 256).unwrap(), [want; 256], "{name}");
    });
}

#[test]
fn submissions_of_a_stream_are_in_order_and_many_are_in_flight() {
    for flavour in Flavour::ALL {
        let machine = Machine::new(flavour, "gfx1100");
        let gpu = machine.gpu();
        let module = Module::load(&gpu, &object("generic.w32")).unwrap();
        let step = module.kernel("step").unwrap();
        let (a, b) = (words(&gpu, &[1; 64]), words(&gpu, &[0; 64]));
        let mut stream = gpu.stream().unwrap();
        let mut want = 1_u32;
        let mut pending = Vec::new();
        // One list recorded anew while it is in flight, and one that is only sent again.
        let mut list = stream.list().unwrap();
        for by in 0..100_u32 {
            let (from, to) = if by % 2 == 0 { (&a, &b) } else { (&b, &a) };
            let args = [from.into(), to.into(), by.into()];
            list.reset().unwrap();
            list.dispatch(&Dispatch::new(&step, Grid::workgroups([1, 1, 1], [64, 1, 1]), &args)).unwrap();
            pending.push(stream.submit(&mut list).unwrap());
            want = want.wrapping_mul(2).wrapping_add(by);
        }
        list.reset().unwrap();
        for (from, to) in [(&a, &b), (&b, &a)] {
            let args = [from.into(), to.into(), 5_u32.into()];
            list.dispatch(&Dispatch::new(&step, Grid::workgroups([1, 1, 1], [64, 1, 1]), &args)).unwrap();
        }
        for _ in 0..50 {
            pending.push(stream.submit(&mut list).unwrap());
            want = want.wrapping_mul(4).wrapping_add(15);
        }
        for (number, pending) in (1..).zip(&mut pending) {
            assert_eq!(pending.seq(), number);
            pending.wait(soon()).unwrap();
            assert!(pending.is_done().unwrap() && pending.fence().is_none());
        }
        assert_eq!(a.read_vec::<u32>(0, 1).unwrap(), [want], "{flavour:?}");
        drop((a, b, stream, list, module, pending, gpu));
        assert_eq!(machine.findings(), [""; 0], "{flavour:?}");
    }
}

#[test]
fn streams_wait_for_each_other() {
    let machine = Machine::with(Flavour::V7_3, "gfx1100", |_| {});
    machine.kernel.inject().slow(Duration::from_millis(20), 5);
    let gpu = machine.gpu();
    let module = Module::load(&gpu, &object("generic.w32")).unwrap();
    let step = module.kernel("step").unwrap();
    let (a, b) = (words(&gpu, &[1; 64]), words(&gpu, &[0; 64]));
    let mut streams = [gpu.stream().unwrap(), gpu.stream().unwrap()];
    assert_ne!(streams[0].queue(), streams[1].queue());
    let mut last = None;
    for by in 0..10_usize {
        let (from, to) = if by % 2 == 0 { (&a, &b) } else { (&b, &a) };
        let args = [from.into(), to.into(), 0_u32.into()];
        let stream = &mut streams[by % 2];
        if let Some(last) = &last {
            stream.wait_for(last).unwrap();
        }
        last = Some(stream.launch(&Dispatch::new(&step, Grid::workgroups([1, 1, 1], [64, 1, 1]), &args)).unwrap());
    }
    last.unwrap().wait(soon()).unwrap();
    assert_eq!(a.read_vec::<u32>(0, 64).unwrap(), [1024; 64]);
    assert_eq!(machine.findings(), [""; 0]);
}

#[test]
fn arguments_of_all_sizes_arrive() {
    everywhere(|name, gpu, module| {
        let out = gpu.buffer(Memory::Host, 40).unwrap();
        let three = [1_u32, 20, 300].map(u32::to_le_bytes).concat();
        let four = [4_u32, 30, 200, 1000].map(u32::to_le_bytes).concat();
        let args = [
            Arg::Bytes(&[7]),
            Arg::Bytes(&[0x34, 0x12]),
            (&out).into(),
            Arg::Bytes(&three),
            2.5_f64.into(),
            Arg::Bytes(&four),
        ];
        run(gpu, module, "mixed", Grid::workgroups([1; 3], [1; 3]), &args);
        let want = [7, 0x1234, 321, 2.5_f64.to_bits(), 1234];
        assert_eq!(out.read_vec::<u64>(0, 5).unwrap(), want, "{name}");
    });
}

#[test]
fn wrong_arguments_are_refused() {
    everywhere(|name, gpu, module| {
        let x = words(gpu, &[0; 64]);
        let mut stream = gpu.stream().unwrap();
        let scale = module.kernel("scale").unwrap();
        let one = Grid::workgroups([1; 3], [64, 1, 1]);
        let mut refused = |kernel, grid, args: &[Arg<'_>], lds| {
            let dispatch = Dispatch::new(kernel, grid, args).dynamic_lds(lds);
            let error = stream.launch(&dispatch).unwrap_err();
            assert!(matches!(error, Error::Launch { .. }), "{error:?}");
            error.to_string()
        };
        let (buffer, by): (Arg<'_>, Arg<'_>) = ((&x).into(), 2.0_f32.into());
        for (grid, args, lds, why) in [
            (one, &[buffer][..], 0, "it has 2 arguments, and 1 are given"),
            (one, &[buffer, by, by], 0, "it has 2 arguments, and 3 are given"),
            (one, &[by, by], 0, "is an address: give a buffer"),
            (one, &[buffer, 1_u64.into()], 0, "has 4 bytes, and 8 are given"),
            (Grid::workgroups([1, 0, 1], [64, 1, 1]), &[buffer, by], 0, "leave the launch out"),
            (Grid::workgroups([1; 3], [0, 1, 1]), &[buffer, by], 0, "leave the launch out"),
            (Grid::work_items([100, 1, 1], [0, 1, 1]), &[buffer, by], 0, "leave the launch out"),
            (Grid::workgroups([1; 3], [257, 1, 1]), &[buffer, by], 0, "at most 256"),
            (Grid::workgroups([1 << 30, 1, 1], [64, 1, 1]), &[buffer, by], 0, "at most 2^32 - 1"),
            (one, &[buffer, by], 65537, "65537 bytes of LDS; a workgroup has at most 65536"),
        ] {
            let said = refused(&scale, grid, args, lds);
            assert!(said.contains(why) && said.contains("kernel scale"), "{name}: {said}");
        }
        let fixed = module.kernel("fixed").unwrap();
        let said = refused(&fixed, one, &[buffer], 0);
        assert!(said.contains("compiled for [32, 2, 1] alone"), "{name}: {said}");
        run(gpu, module, "fixed", Grid::workgroups([1; 3], [32, 2, 1]), &[buffer]);
        assert_eq!(x.read_vec::<u32>(0, 64).unwrap(), [1; 64], "{name}");
    });
}

#[test]
fn grids_that_do_not_divide_have_smaller_last_workgroups() {
    everywhere(|name, gpu, module| {
        let out = words(gpu, &[0; 16]);
        run(gpu, module, "sizes", Grid::work_items([200, 3, 1], [64, 3, 1]), &[(&out).into()]);
        // The built-in is the size of a whole workgroup, in every workgroup.
        let want = [64, 3, 1, 200].repeat(4);
        assert_eq!(out.read_vec::<u32>(0, 16).unwrap(), want, "{name}");
        let mut x = gpu.buffer(Memory::Host, 1024).unwrap();
        x.write(0, &[1.0_f32; 256]).unwrap();
        run(gpu, module, "scale", Grid::work_items([200, 1, 1], [64, 1, 1]), &[(&x).into(), 2.0_f32.into()]);
        let found = x.read_vec::<f32>(0, 256).unwrap();
        assert_eq!((&found[..200], &found[200..]), (&[2.0; 200][..], &[1.0; 56][..]), "{name}");
    });
}

/// Source: HSA runtime `hsa.h`, `hsa_kernel_dispatch_packet_t`.
#[test]
fn the_packet_says_how_it_was_launched() {
    everywhere(|name, gpu, module| {
        let out = words(gpu, &[0; 16]);
        run(gpu, module, "packet", Grid::workgroups([3, 2, 1], [32, 4, 2]), &[(&out).into()]);
        let found = out.read_vec::<u32>(0, 16).unwrap();
        // Type 2 and three axes; sizes of the workgroup; of the grid; scratch and LDS.
        assert_eq!(found[..8], [3 << 16 | 2, 4 << 16 | 32, 2, 96, 8, 2, 0, 0], "{name}");
        let descriptor = module.kernel("packet").unwrap().descriptor_address().get();
        assert_eq!(u64::from(found[9]) << 32 | u64::from(found[8]), descriptor, "{name}");
        assert_eq!(found[12..], [0; 4], "{name}");
    });
}

/// Source: LLVM `AMDGPUHSAMetadataStreamer.cpp`, `MetadataStreamerMsgPackV5::emitHiddenKernelArgs`.
#[test]
fn hidden_arguments_are_filled_in() {
    everywhere(|name, gpu, module| {
        if name.ends_with("v4") {
            return; // It asks for a hostcall buffer.
        }
        let out = words(gpu, &[9; 17]);
        run(gpu, module, "hidden", Grid::work_items([130, 9, 1], [32, 4, 1]), &[(&out).into()]);
        let mut want = [0; 17];
        want[..6].copy_from_slice(&[4, 2, 1, 4 << 16 | 32, 2 << 16 | 1, 1]);
        want[16] = 2;
        assert_eq!(out.read_vec::<u32>(0, 17).unwrap(), want, "{name}");
    });
}

#[test]
fn lds_is_given_as_an_argument() {
    everywhere(|name, gpu, module| {
        let x: Vec<u32> = (0..64).map(|n| n * n + 3).collect();
        let buffer = words(gpu, &x);
        let args = [(&buffer).into(), Arg::Lds(256), Arg::Lds(512)];
        run(gpu, module, "rotate", Grid::workgroups([1; 3], [64, 1, 1]), &args);
        let want: Vec<u32> = (0..64).map(|i| x[(i + 1) % 64] + x[(i + 2) % 64] * 3 + i as u32 % 3).collect();
        assert_eq!(buffer.read_vec::<u32>(0, 64).unwrap(), want, "{name}");
        let error = gpu.stream().unwrap().launch(&Dispatch::new(
            &module.kernel("rotate").unwrap(),
            Grid::workgroups([1; 3], [64, 1, 1]),
            &[(&buffer).into(), Arg::Lds(60000), Arg::Lds(5600)],
        ));
        assert!(error.unwrap_err().to_string().contains("65616 bytes of LDS"), "{name}");
    });
}

fn spilled(size: u32, i: u32) -> u32 {
    (0..size).fold(0_u32, |sum, at| {
        sum.wrapping_mul(31).wrapping_add(((at * 5 + i) & (size - 1)).wrapping_mul(7).wrapping_add(i))
    })
}

#[test]
fn waves_have_scratch() {
    everywhere(|name, gpu, module| {
        let (small, large, again) = (words(gpu, &[0; 256]), words(gpu, &[0; 256]), words(gpu, &[0; 256]));
        let kernels = ["spill_small", "spill_large"].map(|name| module.kernel(name).unwrap());
        let mut stream = gpu.stream().unwrap();
        let mut list = stream.list().unwrap();
        let grid = Grid::workgroups([4, 1, 1], [64, 1, 1]);
        // Scratch grows in the middle of a list, beside a dispatch that still runs.
        for (kernel, out, size) in [(0, &small, 16_u32), (1, &large, 256), (0, &again, 16)] {
            let args = [out.into(), (size - 1).into()];
            list.dispatch(&Dispatch::new(&kernels[kernel], grid, &args).concurrent()).unwrap();
        }
        stream.submit(&mut list).unwrap().wait(soon()).unwrap();
        for (out, size) in [(&small, 16), (&large, 256), (&again, 16)] {
            let want: Vec<u32> = (0..256).map(|i| spilled(size, i)).collect();
            assert_eq!(out.read_vec::<u32>(0, 256).unwrap(), want, "{name}, {size}");
        }
    });
}

#[test]
fn clocks_and_signals_are_written() {
    everywhere(|name, gpu, module| {
        let (a, b, flag) = (words(gpu, &[1; 64]), words(gpu, &[0; 64]), words(gpu, &[0; 4]));
        let step = module.kernel("step").unwrap();
        let mut stream = gpu.stream().unwrap();
        let mut list = stream.list().unwrap();
        let start = list.timestamp().unwrap();
        let args = [(&a).into(), (&b).into(), 5_u32.into()];
        list.dispatch(&Dispatch::new(&step, Grid::workgroups([1; 3], [64, 1, 1]), &args)).unwrap();
        list.signal(&flag, 8, 77).unwrap();
        let end = list.timestamp().unwrap();
        stream.submit(&mut list).unwrap().wait(soon()).unwrap();
        assert_eq!(flag.read_vec::<u32>(0, 4).unwrap(), [0, 0, 77, 0], "{name}");
        let first = start;
        let (start, end) = (list.ticks(start).unwrap(), list.ticks(end).unwrap());
        assert!(start > 0 && end > start, "{name}: {start} to {end}");
        assert!(gpu.duration_of(end - start) < Duration::from_secs(1));
        assert!(list.signal(&flag, 0, 1).is_err(), "a list that was sent is closed");
        list.reset().unwrap();
        assert!(list.signal(&flag, 14, 1).is_err() && list.signal(&flag, 2, 1).is_err());
        assert!(list.ticks(first).is_err(), "a list that was reset has no clocks");
    });
}

#[test]
fn ticks_are_times() {
    let machine = Machine::new(Flavour::V6_12, "gfx1100");
    let gpu = machine.gpu();
    // 100 MHz on a card.
    assert_eq!(gpu.info().counter_khz, 100_000);
    assert_eq!(gpu.duration_of(123), Duration::from_nanos(1230));
}

#[test]
fn lists_end_before_a_kernel_calls_them_hung() {
    let machine = Machine::new(Flavour::V7_3, "gfx1100");
    let gpu = machine.gpu();
    let module = Module::load(&gpu, &object("generic.w32")).unwrap();
    let (step, a) = (module.kernel("step").unwrap(), words(&gpu, &[1; 64]));
    let stream = gpu.stream().unwrap();
    let mut list = stream.list().unwrap();
    assert_eq!(SUBMISSION_LIMIT, Duration::from_millis(500));
    let args = [(&a).into(), (&a).into(), 5_u32.into()];
    let dispatch = Dispatch::new(&step, Grid::workgroups([1; 3], [64, 1, 1]), &args);
    list.dispatch(&dispatch.estimate(Duration::from_millis(300))).unwrap();
    let error = list.dispatch(&dispatch.estimate(Duration::from_millis(201))).unwrap_err();
    assert!(matches!(error, Error::TooLong { .. }) && error.to_string().contains("501 ms"), "{error}");
    list.dispatch(&dispatch.estimate(Duration::from_millis(200))).unwrap();
    let full = loop {
        if let Err(error) = list.dispatch(&dispatch) {
            break error;
        }
    };
    assert!(matches!(full, Error::ListFull { .. }) && list.dispatches() > 100, "{full}: {}", list.dispatches());
}

#[test]
fn other_devices_and_streams_things_are_refused() {
    let machine = Machine::new(Flavour::V6_12, "gfx1100");
    let (one, two) = (machine.gpu(), machine.gpu());
    let module = Module::load(&one, &object("generic.w32")).unwrap();
    let step = module.kernel("step").unwrap();
    let (mine, mine_too, other) = (words(&one, &[0; 64]), words(&one, &[0; 64]), words(&two, &[0; 64]));
    let (mut first, mut second) = (one.stream().unwrap(), one.stream().unwrap());
    let grid = Grid::workgroups([1; 3], [64, 1, 1]);
    let args = [(&mine).into(), (&other).into(), 5_u32.into()];
    assert!(matches!(first.launch(&Dispatch::new(&step, grid, &args)), Err(Error::Foreign { what: "the buffer", .. })));
    let args = [(&mine).into(), (&mine_too).into(), 5_u32.into()];
    let of_other = two.stream().unwrap().launch(&Dispatch::new(&step, grid, &args));
    assert!(matches!(of_other, Err(Error::Foreign { what: "the kernel", .. })));
    let mut list = first.list().unwrap();
    list.dispatch(&Dispatch::new(&step, grid, &args)).unwrap();
    assert!(matches!(second.submit(&mut list), Err(Error::Foreign { of: "stream", .. })));
    first.submit(&mut list).unwrap().wait(soon()).unwrap();
    assert_eq!(machine.findings(), [""; 0]);
}

#[test]
fn what_cannot_be_provided_is_refused_by_name_or_null() {
    let machine = Machine::new(Flavour::V6_12, "gfx1100");
    let gpu = machine.gpu();
    let elf = object("gfx1100.o0");
    let module = Module::load(&gpu, &elf).unwrap();
    let error = module.kernel("step").unwrap_err().to_string();
    assert_eq!(error, "kernel step needs an argument of the kind hidden_hostcall_buffer, which cannot be provided");
    let module = Module::load_with(&gpu, &elf, LoadOptions::default().null_pointers()).unwrap();
    let (a, b) = (words(&gpu, &[1; 64]), words(&gpu, &[0; 64]));
    run(&gpu, &module, "step", Grid::workgroups([1; 3], [64, 1, 1]), &[(&a).into(), (&b).into(), 5_u32.into()]);
    assert_eq!(b.read_vec::<u32>(0, 64).unwrap(), [7; 64]);
    let v4 = Module::load(&gpu, &object("gfx1100.v4")).unwrap();
    let error = v4.kernel("hidden").unwrap_err().to_string();
    assert!(error.contains("hidden_hostcall_buffer"), "{error}");
    let error = v4.kernel("nothing").unwrap_err().to_string();
    assert!(error.contains("there is no kernel nothing; the code object has") && error.contains("scale"), "{error}");
    assert_eq!(machine.findings(), [""; 0]);
}

#[test]
fn addresses_are_arguments() {
    let machine = Machine::new(Flavour::V6_12, "gfx1100");
    let gpu = machine.gpu();
    let module = Module::load(&gpu, &object("gfx1100.w32")).unwrap();
    let buffer = words(&gpu, &[0; 4]);
    let mut stream = gpu.stream().unwrap();
    let mut list = stream.list().unwrap();
    let at = GpuVa::new(buffer.address().get() + 8);
    let kernel = module.kernel("poke").unwrap();
    list.uses(buffer.mapping()).unwrap();
    list.dispatch(&Dispatch::new(&kernel, Grid::workgroups([1; 3], [1; 3]), &[at.into()])).unwrap();
    stream.submit(&mut list).unwrap().wait(soon()).unwrap();
    assert_eq!(buffer.read_vec::<u32>(0, 4).unwrap(), [0, 0, 1, 0]);
    assert_eq!(machine.findings(), [""; 0]);
}

/// The dwords that a list begins with, and those of a dispatch, written by hand.
///
/// Source: Mesa `sid.h` (opcodes, GCR_CNTL), `gfx11.json` (offsets); order as Mesa `ac_cmdbuf.c`,
/// `gfx10_init_compute_preamble_state`.
#[test]
fn streams_are_what_drivers_send() {
    const ALL: u32 = 0xffff_ffff;
    for (chip, engines) in [("gfx1100", 6), ("gfx1102", 2)] {
        let machine = Machine::new(Flavour::V6_12, chip);
        let gpu = machine.gpu();
        let module = Module::load(&gpu, &object("generic.w32")).unwrap();
        let (a, b) = (words(&gpu, &[1; 64]), words(&gpu, &[0; 64]));
        let stream = gpu.stream().unwrap();
        let mut list = stream.list().unwrap();
        let mask = |engine: usize| if engine < engines { ALL } else { 0 };
        let preamble = [
            &[0xc000_4600, 0x407][..],
            &[0xc006_5800, 0, ALL, 0x00ff_ffff, 0, 0, 10, 0xc3b1],
            &[0xc005_7600, 0x216, mask(0), mask(1), 0, mask(2), mask(3)],
            &[0xc004_7600, 0x224, 0, 0, 0, 0],
            &[0xc005_7600, 0x22b, mask(4), mask(5), mask(6), mask(7), 64],
            &[0xc001_7600, 0x27d, 0],
            &[0xc003_7600, 0x204, 0, 0, 0],
        ]
        .concat();
        assert_eq!(list.packets(), preamble, "{chip}");

        let step = module.kernel("step").unwrap();
        let args = [(&a).into(), (&b).into(), 5_u32.into()];
        let dispatch = Dispatch::new(&step, Grid::workgroups([3, 1, 1], [64, 1, 1]), &args);
        list.dispatch(&dispatch).unwrap();
        let first = list.packets()[preamble.len()..].to_vec();
        let code = step.code_address().get() >> 8;
        assert_eq!(first[..4], [0xc002_7600, 0x20c, code as u32, (code >> 32) as u32], "{chip}");
        assert_eq!((&first[4..6], first[8], first[9]), (&[0xc002_7600, 0x212][..], 0xc001_7600, 0x228), "{chip}");
        assert_eq!(first[14..19], [0xc003_7600, 0x207, 64, 1, 1], "{chip}");
        // 15 user SGPRs, of which the arguments' address is the first.
        assert_eq!((&first[19..21], first.len()), (&[0xc00f_7600, 0x240][..], 41), "{chip}");
        assert_eq!(first[36..], [0xc003_1502, 3, 1, 1, 0x8045], "{chip}");

        let before = list.packets().len();
        list.dispatch(&dispatch.concurrent()).unwrap();
        assert_eq!(list.packets().len() - before, first.len(), "{chip}: nothing between");
        let before = list.packets().len();
        list.dispatch(&dispatch).unwrap();
        let barrier = [0xc000_4600, 0x407, 0xc006_5800, 0, ALL, 0x00ff_ffff, 0, 0, 10, 0x380];
        assert_eq!(list.packets()[before..before + 10], barrier, "{chip}");
    }
}

/// Source: Mesa `sid.h`, COMPUTE_TMPRING_SIZE and COMPUTE_DISPATCH_SCRATCH_BASE_LO.
#[test]
fn scratch_changes_only_when_no_wave_uses_it() {
    let machine = Machine::new(Flavour::V6_12, "gfx1100");
    let gpu = machine.gpu();
    let module = Module::load(&gpu, &object("generic.w32")).unwrap();
    let out = words(&gpu, &[0; 64]);
    let stream = gpu.stream().unwrap();
    let mut list = stream.list().unwrap();
    for (kernel, mask, sets) in [("spill_small", 15_u32, true), ("spill_large", 255, true), ("spill_small", 15, false)]
    {
        let kernel = module.kernel(kernel).unwrap();
        let before = list.packets().len();
        let args = [(&out).into(), mask.into()];
        list.dispatch(&Dispatch::new(&kernel, Grid::workgroups([1; 3], [64, 1, 1]), &args).concurrent()).unwrap();
        let new = &list.packets()[before..];
        let set = new.windows(2).any(|pair| pair == [0xc001_7600, 0x218]);
        assert_eq!(set, sets, "{}", kernel.name());
        let base = if before > 38 { &new[2..4] } else { &new[..2] };
        assert!(!sets || base == [0xc002_7600, 0x210], "{}: {new:x?}", kernel.name());
        assert_eq!(sets && before > 38, new[..2] == [0xc000_4600, 0x407], "{}", kernel.name());
    }
}
