//! Recorded submissions: replayed, they give the same memory.

use super::launch::object;
use super::machine::{Machine, soon};
use sparkle::backend::gpu::{Dispatch, Grid, Memory, Module, Role};
use sparkle_capture::Capture;
use sparkle_vgpu::kmd::Flavour;
use sparkle_vgpu::replay::{Options, replay};
use sparkle_vgpu::sanitize::Switches;

const ONE: Grid = Grid::workgroups([1; 3], [64, 1, 1]);

#[test]
fn submissions_are_recorded_with_what_they_did() {
    Flavour::ALL.into_iter().for_each(recorded);
}

fn recorded(flavour: Flavour) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("captures");
    let machine = Machine::with(flavour, "gfx1102", |config| {
        config.devices[0].visible_vram_bytes = 256 << 20;
    });
    let gpu = machine.gpu();
    let module = Module::load(&gpu, &object("generic.w32")).unwrap();
    let (step, spill) = (module.kernel("step").unwrap(), module.kernel("spill_small").unwrap());
    let mut x = gpu.buffer(Memory::Device, 4096).unwrap().with_role(Role::Input);
    let mut y = gpu.buffer(Memory::Device, 4096).unwrap();
    x.write(0, &[1_u32; 1024]).unwrap();
    y.write(0, &[0_u32; 1024]).unwrap();
    let mut stream = gpu.stream().unwrap();
    stream.record(&gpu, Some(&folder)).unwrap();
    let mut list = stream.list().unwrap();
    let args = [(&x).into(), (&y).into(), 5_u32.into()];
    list.dispatch(&Dispatch::new(&step, ONE, &args)).unwrap();
    let clock = list.timestamp().unwrap();
    let other = [(&y).into(), 15_u32.into()];
    list.dispatch(&Dispatch::new(&spill, Grid::workgroups([2, 1, 1], [64, 1, 1]), &other)).unwrap();
    stream.submit(&mut list).unwrap().wait(soon()).unwrap();
    assert!(list.ticks(clock).unwrap() > 0);
    stream.record(&gpu, None).unwrap();
    stream.submit(&mut list).unwrap().wait(soon()).unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);

    let capture = Capture::read(folder.join(format!("ring{}-000001", stream.queue().ring))).unwrap();
    let manifest = &capture;
    assert_eq!((manifest.device.gfx.as_str(), manifest.submissions[0].fence_seq), ("gfx1102", Some(1)));
    assert_eq!(manifest.submissions[0].ibs[0].size_dw as usize, list.packets().len());
    let dwords = capture.before_dwords(manifest.submissions[0].ibs[0].va, list.packets().len() as u32).unwrap();
    assert_eq!(dwords, list.packets());
    let roles: Vec<&str> = manifest.buffers.iter().map(|buffer| buffer.role.as_str()).collect();
    assert_eq!(roles, ["ib", "input", "output", "code", "fence", "scratch"]);
    let of = |bytes: Vec<u8>| u32::from_le_bytes(bytes[512..516].try_into().unwrap());
    assert_eq!(of(capture.before(1).unwrap()), 1);
    assert_eq!(capture.after(3).unwrap(), None, "nothing writes code");
    let after = capture.after(2).unwrap().unwrap();
    assert_eq!(after, y.read_vec::<u8>(0, 4096).unwrap());
    assert_ne!(after, capture.before(2).unwrap());
    assert_eq!(manifest.volatile.len(), 2);

    let options = Options { sanitize: Switches::ALL, strict: true, check: true, ..Options::default() };
    let replayed = replay(&folder.join(format!("ring{}-000001", stream.queue().ring)), &options).unwrap();
    let check = replayed.check.as_ref().unwrap();
    assert_eq!((replayed.dispatches, check.differing_bytes), (2, 0), "{:?}", check.first);
    assert!(check.compared_bytes >= 4096 && replayed.is_clean(), "{:?}", replayed.reports);
}

#[test]
fn a_hang_leaves_its_capture() {
    let home = tempfile::tempdir().unwrap();
    let machine = Machine::with(Flavour::V6_12, "gfx1100", |config| config.timeout_scale = 0.02);
    let gpu = machine.gpu();
    let module = Module::load(&gpu, &object("generic.w32")).unwrap();
    let step = module.kernel("step").unwrap();
    let (mut x, y) = (gpu.buffer(Memory::Host, 4096).unwrap(), gpu.buffer(Memory::Host, 4096).unwrap());
    x.write(0, &[1_u32; 1024]).unwrap();
    let mut stream = gpu.stream().unwrap();
    stream.record(&gpu, Some(home.path())).unwrap();
    machine.kernel.inject().hang(1);
    let args = [(&x).into(), (&y).into(), 5_u32.into()];
    let mut pending = stream.launch(&Dispatch::new(&step, ONE, &args)).unwrap();
    assert!(pending.wait(soon()).unwrap_err().loses_context());
    let folder = std::fs::read_dir(home.path()).unwrap().next().unwrap().unwrap().path();
    let capture = Capture::read(&folder).unwrap();
    assert_eq!(capture.after(2).unwrap(), None);
    // What it says is what would have been done.
    let replayed = replay(&folder, &Options { strict: true, ..Options::default() }).unwrap();
    assert!(replayed.is_clean() && replayed.dispatches == 1);
}
