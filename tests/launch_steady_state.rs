//! Recording, sending and waiting again and again allocates nothing.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub, unsafe_code)]

#[path = "common/nothing.rs"]
mod nothing;

use sparkle::amdgpu::Deadline;
use sparkle::backend::gpu::{Dispatch, Gpu, Grid, Lint, Memory, Module, Options};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is the system allocator's; counting touches a thread-local that needs no allocation or destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CODE: &[u8] = include_bytes!("on_vgpu/objects/gfx1100.w32.co");
const ONE: Grid = Grid::workgroups([1; 3], [64, 1, 1]);

#[test]
fn the_steady_state_allocates_nothing() {
    // The linter allocates, once a recording; without it recordings are counted too.
    let gpu = Gpu::with_options(nothing::device(), Options::default().lint(Lint::Never)).unwrap();
    let module = Module::load(&gpu, CODE).unwrap();
    let kernels = ["step", "spill_small", "packet"].map(|name| module.kernel(name).unwrap());
    let (x, y) = (gpu.buffer(Memory::Host, 4096).unwrap(), gpu.buffer(Memory::Device, 4096).unwrap());
    let mut stream = gpu.stream().unwrap();
    let mut list = stream.list().unwrap();
    let soon = || Deadline::after(Duration::from_secs(1));
    let mut in_flight = None;
    let mut round = |number: u32| {
        let args = [(&x).into(), (&y).into(), number.into()];
        list.reset().unwrap();
        list.dispatch(&Dispatch::new(&kernels[0], ONE, &args)).unwrap();
        list.dispatch(&Dispatch::new(&kernels[1], ONE, &args[1..])).unwrap();
        list.dispatch(&Dispatch::new(&kernels[2], ONE, &args[..1])).unwrap();
        list.timestamp().unwrap();
        // The one before is still in flight, so each recording has other memory than the last.
        let mut before = in_flight.replace(stream.submit(&mut list).unwrap());
        if let Some(before) = &mut before {
            before.wait(soon()).unwrap();
        }
        stream.submit(&mut list).unwrap().wait(soon()).unwrap();
        stream.launch(&Dispatch::new(&kernels[0], ONE, &args)).unwrap().wait(soon()).unwrap();
    };
    (0..20).for_each(&mut round);
    let before = ALLOCATIONS.with(Cell::get);
    (0..1000).for_each(&mut round);
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 0, "allocations in 1000 rounds of 3 submissions");
}
