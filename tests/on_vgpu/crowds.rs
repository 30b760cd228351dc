//! Many threads, many submissions, and many owners of one device.

use super::machine::{Machine, soon};
use sparkle::backend::gpu::{Dispatch, Gpu, Grid, Memory, Module, Pending};
use sparkle_vgpu::kmd::Flavour;

const GRID: &[u8] = include_bytes!("../../tools/vgpu/tests/kernels/objects/grid.w32.co");

/// The kernel `places` over 2 workgroups of 32: each item stores x, its workgroup and the sizes.
fn places() -> Vec<u32> {
    (0..64).map(|item| (item % 32) | item / 32 << 12 | 32 << 24 | 1 << 28).collect()
}

const TWO: Grid = Grid::workgroups([2, 1, 1], [32, 1, 1]);

/// Launches `times` times into a buffer of its own, some in flight, and looks at every result.
fn launch(gpu: &Gpu, times: usize) {
    let kernel = Module::load(gpu, GRID).unwrap().kernel("places").unwrap();
    let mut stream = gpu.stream().unwrap();
    let mut buffers: Vec<_> = (0..4).map(|_| gpu.buffer(Memory::Host, 256).unwrap()).collect();
    let mut flying: Vec<Option<Pending>> = (0..4).map(|_| None).collect();
    for time in 0..times + 4 {
        let at = time % 4;
        if let Some(mut pending) = flying[at].take() {
            pending.wait(soon()).unwrap();
            assert_eq!(buffers[at].read_vec::<u32>(0, 64).unwrap(), places(), "launch {time}");
            buffers[at].write(0, &[0_u32; 64]).unwrap();
        }
        if time < times {
            flying[at] = Some(stream.launch(&Dispatch::new(&kernel, TWO, &[(&buffers[at]).into()])).unwrap());
        }
    }
}

#[test]
fn sixty_four_threads_submit() {
    for flavour in Flavour::ALL {
        let machine = Machine::new(flavour, "gfx1100");
        let gpu = machine.gpu();
        std::thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| launch(&gpu, 12));
            }
        });
        drop(gpu);
        assert_eq!(machine.findings(), [""; 0], "{flavour:?}");
    }
}

#[test]
fn interruptions_and_late_fences_change_nothing() {
    let machine = Machine::new(Flavour::V7_3, "gfx1100");
    let inject = machine.kernel.inject();
    inject.interrupts(0.5, 3);
    inject.slow(std::time::Duration::from_millis(1), 4);
    let gpu = machine.gpu();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| launch(&gpu, 40));
        }
    });
    drop(gpu);
    assert_eq!(machine.findings(), [""; 0]);
}

/// Many submissions in a row, with what is allocated before and after.
fn soak(submissions: usize) {
    let machine = Machine::quiet(Flavour::V6_12, "gfx1100");
    let gpu = machine.gpu();
    launch(&gpu, 100);
    let before = (gpu.device().usage().vram_bytes(), gpu.device().usage().gtt_bytes());
    launch(&gpu, submissions);
    let after = (gpu.device().usage().vram_bytes(), gpu.device().usage().gtt_bytes());
    assert_eq!(before, after, "bytes of buffers before and after {submissions} submissions");
    drop(gpu);
    assert_eq!(machine.findings(), [""; 0]);
}

#[test]
fn ten_thousand_submissions_leave_nothing_behind() {
    soak(10_000);
}

#[test]
fn two_files_of_one_device_share_nothing() {
    let machine = Machine::new(Flavour::V7_3, "gfx1100");
    let (one, other) = (machine.gpu(), machine.gpu());
    std::thread::scope(|scope| {
        scope.spawn(|| launch(&one, 30));
        scope.spawn(|| launch(&other, 30));
    });
    drop((one, other));
    assert_eq!(machine.findings(), [""; 0]);
}
