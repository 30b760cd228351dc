//! What goes wrong: code that is none, hangs, faults, no memory, lost contexts, work that is dropped.

use super::launch::object;
use super::machine::{Machine, soon};
use proptest::prelude::*;
use sparkle::amdgpu::{Deadline, Error as DriverError};
use sparkle::backend::gpu::{Dispatch, Error, Grid, Memory, Module, ModuleError};
use sparkle_vgpu::kmd::Flavour;
use std::time::Duration;

const ONE: Grid = Grid::workgroups([1; 3], [64, 1, 1]);

/// A machine whose hangs are found soon.
fn impatient(flavour: Flavour) -> Machine {
    Machine::with(flavour, "gfx1100", |config| config.timeout_scale = 0.02)
}

#[test]
fn a_hang_is_told_and_a_new_stream_works() {
    for flavour in Flavour::ALL {
        let machine = impatient(flavour);
        let gpu = machine.gpu();
        let module = Module::load(&gpu, &object("generic.w32")).unwrap();
        let (mut x, y) = (gpu.buffer(Memory::Host, 256).unwrap(), gpu.buffer(Memory::Host, 256).unwrap());
        x.write(0, &[1_u32; 64]).unwrap();
        let step = module.kernel("step").unwrap();
        let args = [(&x).into(), (&y).into(), 1_u32.into()];
        let dispatch = Dispatch::new(&step, ONE, &args);
        machine.kernel.inject().hang(1);
        let mut stream = gpu.stream().unwrap();
        let mut pending = stream.launch(&dispatch).unwrap();
        // The second time too: nothing was done.
        for _ in 0..2 {
            let error = pending.wait(soon()).unwrap_err();
            assert!(error.loses_context(), "{flavour:?}: {error:?}");
            assert!(
                matches!(error.driver(), Some(DriverError::Hang { .. } | DriverError::ContextLost { .. })),
                "{flavour:?}: {error:?}"
            );
        }
        let lost = stream.launch(&dispatch).and_then(|mut pending| pending.wait(soon()));
        assert!(lost.unwrap_err().loses_context(), "{flavour:?}");
        gpu.stream().unwrap().launch(&dispatch).unwrap().wait(soon()).unwrap();
        assert_eq!(y.read_vec::<u32>(0, 64).unwrap(), [3; 64], "{flavour:?}");
    }
}

#[test]
fn lost_memory_is_filled_again() {
    let machine = Machine::with(Flavour::V6_12, "gfx1100", |config| {
        config.devices[0].visible_vram_bytes = 256 << 20;
    });
    let gpu = machine.gpu();
    let mut x = gpu.buffer(Memory::Device, 4096).unwrap();
    assert!(x.mapped().is_none());
    x.write(0, &[7_u32; 1024]).unwrap();
    machine.kernel.lose_vram(0).unwrap();
    // The kernels that copy were lost too, and their stream.
    x.write(0, &[8_u32; 1024]).unwrap();
    assert_eq!(x.read_vec::<u32>(0, 1024).unwrap(), [8; 1024]);
}

#[test]
fn a_fault_names_its_address() {
    let machine = impatient(Flavour::V7_3);
    let gpu = machine.gpu();
    let module = Module::load(&gpu, &object("gfx1100.w32")).unwrap();
    let poke = module.kernel("poke").unwrap();
    let mut stream = gpu.stream().unwrap();
    let args = [0x5000_0000_1000_u64.into()];
    let error = stream.launch(&Dispatch::new(&poke, Grid::workgroups([1; 3], [1; 3]), &args)).unwrap().wait(soon());
    let error = error.unwrap_err();
    assert!(error.to_string().contains("0x500000001000"), "{error}");
}

#[test]
fn a_deadline_leaves_work_running() {
    let machine = Machine::new(Flavour::V6_12, "gfx1100");
    machine.kernel.inject().slow(Duration::from_millis(300), 1);
    let gpu = machine.gpu();
    let module = Module::load(&gpu, &object("generic.w32")).unwrap();
    let step = module.kernel("step").unwrap();
    let (mut x, y) = (gpu.buffer(Memory::Host, 256).unwrap(), gpu.buffer(Memory::Host, 256).unwrap());
    x.write(0, &[1_u32; 64]).unwrap();
    let mut stream = gpu.stream().unwrap();
    let args = [(&x).into(), (&y).into(), 1_u32.into()];
    let mut pending: Vec<_> = (0..4).map(|_| stream.launch(&Dispatch::new(&step, ONE, &args)).unwrap()).collect();
    let last = pending.last_mut().unwrap();
    let error = last.wait(Deadline::after(Duration::from_millis(1))).unwrap_err();
    assert!(matches!(error.driver(), Some(DriverError::Timeout { .. })) && !error.loses_context(), "{error}");
    assert!(last.sync_file().unwrap().is_some());
    last.wait(soon()).unwrap();
    assert!(last.sync_file().unwrap().is_none());
    assert_eq!(y.read_vec::<u32>(0, 64).unwrap(), [3; 64]);
}

#[test]
fn work_that_is_dropped_early_keeps_what_it_uses() {
    for flavour in Flavour::ALL {
        let machine = Machine::new(flavour, "gfx1100");
        machine.kernel.inject().slow(Duration::from_millis(5), 3);
        let gpu = machine.gpu();
        for _ in 0..10 {
            let module = Module::load(&gpu, &object("generic.w32")).unwrap();
            let (step, spill) = (module.kernel("step").unwrap(), module.kernel("spill_large").unwrap());
            let mut x = gpu.buffer(Memory::Device, 256).unwrap();
            let y = gpu.buffer(Memory::Device, 256).unwrap();
            x.write(0, &[1_u32; 64]).unwrap();
            let mut stream = gpu.stream().unwrap();
            let args = [(&x).into(), (&y).into(), 1_u32.into()];
            drop(stream.launch(&Dispatch::new(&step, ONE, &args)).unwrap());
            let args = [(&x).into(), 255_u32.into()];
            let pending = stream.launch(&Dispatch::new(&spill, ONE, &args)).unwrap();
            drop((module, step, spill, x, y, stream));
            drop(pending);
        }
        drop(gpu);
        assert_eq!(machine.findings(), [""; 0], "{flavour:?}");
    }
}

#[test]
fn memory_that_ends_is_said_so() {
    let machine = Machine::with(Flavour::V6_12, "gfx1100", |config| {
        config.devices[0].vram_bytes = 64 << 20;
        config.devices[0].visible_vram_bytes = 64 << 20;
        config.devices[0].gtt_bytes = 64 << 20;
    });
    let gpu = machine.gpu();
    let error = gpu.buffer(Memory::Device, 1 << 30).unwrap_err();
    assert!(matches!(error.driver(), Some(DriverError::OutOfMemory { .. })), "{error}");
    assert!(gpu.buffer(Memory::Device, 1 << 20).is_ok());
}

#[test]
fn code_for_others_is_refused() {
    let machine = Machine::new(Flavour::V6_12, "gfx1102");
    let gpu = machine.gpu();
    let refused = |elf: &[u8]| match Module::load(&gpu, elf).unwrap_err() {
        Error::Module(error) => error,
        other => panic!("{other}"),
    };
    let error = refused(&object("gfx1100.w32"));
    assert!(matches!(error, ModuleError::OtherIsa { .. }));
    assert_eq!(
        error.to_string(),
        "code for gfx1100 does not run on this gfx1102; compile for gfx1102 or for gfx11-generic"
    );
    assert!(matches!(refused(b"no ELF file"), ModuleError::Elf { .. }));
    let change = |at: usize, value: u8| {
        let mut elf = object("gfx1102.w32");
        elf[at] = value;
        refused(&elf)
    };
    assert!(matches!(change(18, 62), ModuleError::NotAmdHsa { machine: 62, .. }));
    assert!(matches!(change(7, 0), ModuleError::NotAmdHsa { os_abi: 0, .. }));
    assert!(matches!(change(8, 1), ModuleError::AbiVersion { found: 1 }));
    assert!(matches!(change(48, 0x36), ModuleError::Processor { mach: 0x36 }));
    let amd = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert!(matches!(refused(&amd), ModuleError::NotAmdHsa { .. } | ModuleError::Elf { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Damaged code objects are refused or loaded, and never more.
    #[test]
    fn damaged_code_objects_never_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        header in proptest::collection::vec((0_usize..0x240, any::<u8>()), 0..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        thread_local! {
            static GPU: (Machine, sparkle::backend::gpu::Gpu, Vec<u8>) = {
                let machine = Machine::new(Flavour::V6_12, "gfx1100");
                let gpu = machine.gpu();
                (machine, gpu, object("gfx1100.w32"))
            };
        }
        GPU.with(|(_, gpu, elf)| {
            let mut elf = elf.clone();
            for (at, value) in &changes {
                let at = at.index(elf.len());
                elf[at] = *value;
            }
            for (at, value) in &header {
                elf[*at] = *value;
            }
            if let Some(cut) = cut {
                elf.truncate(cut.index(elf.len()));
            }
            if let Ok(module) = Module::load(gpu, &elf) {
                let names: Vec<String> = module.kernels().map(str::to_owned).collect();
                for kernel in names.iter().filter_map(|name| module.kernel(name).ok()) {
                    let _ = (kernel.kernarg_bytes(), kernel.max_workgroup_lanes(), kernel.code_address());
                    let _ = gpu.stream().unwrap().list().unwrap().dispatch(&Dispatch::new(&kernel, ONE, &[]));
                }
            }
        });
    }

    #[test]
    fn random_bytes_are_no_code_object(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        thread_local! {
            static GPU: (Machine, sparkle::backend::gpu::Gpu) = {
                let machine = Machine::new(Flavour::V6_12, "gfx1100");
                let gpu = machine.gpu();
                (machine, gpu)
            };
        }
        GPU.with(|(_, gpu)| {
            let header = [&object("gfx1100.w32")[..64], &bytes].concat();
            prop_assert!(Module::load(gpu, &bytes).is_err() && Module::load(gpu, &header).is_err());
            Ok(())
        })?;
    }
}
