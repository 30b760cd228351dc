//! Submitting and waiting again and again allocates nothing and takes little time beside the kernel's.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs, unsafe_code)]

use memmap2::{MmapOptions, MmapRaw};
use sparkle::amdgpu::{
    BufferObject, BufferRequest, Context, Deadline, Device, Errno, IbFlags, Node, PageFlags, Priority, Queue,
    Residency, Submission, SyncObj, VaMapping,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

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

/// A node that does nothing and says that it did: what is left is the driver layer's own time.
#[derive(Debug, Default)]
struct Nothing {
    sequence: AtomicU64,
}

impl Node for Nothing {
    // SAFETY: only INFO's and VERSION's answers are written through the caller's addresses, with the sizes given there.
    unsafe fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<i32, Errno> {
        let word = |at: usize| u64::from_le_bytes(argument[at..at + 8].try_into().unwrap());
        let put = |address: u64, value: &[u8]| {
            // SAFETY: as above.
            unsafe { std::ptr::copy_nonoverlapping(value.as_ptr(), address as *mut u8, value.len()) };
        };
        let number = match request {
            0xc040_6400 => {
                put(word(24), b"amdgpu");
                argument[..8].copy_from_slice(&[3, 0, 0, 0, 61, 0, 0, 0]);
                argument[16..24].copy_from_slice(&6_u64.to_le_bytes());
                return Ok(0);
            }
            0x4020_6445 => {
                match word(8) >> 32 {
                    0x00 => put(word(0), &1_u32.to_le_bytes()),
                    // available_rings@24, ip_discovery_version@28.
                    0x02 => put(word(0) + 24, &[15, 0, 0, 0, 0, 0, 11, 0]),
                    // virtual_address_offset@144, virtual_address_max@152.
                    0x16 => put(word(0) + 152, &(1_u64 << 47).to_le_bytes()),
                    _ => {}
                }
                return Ok(0);
            }
            0xc010_640c => {
                argument[8..16].copy_from_slice(&1_u64.to_le_bytes());
                return Ok(0);
            }
            0xc018_6444 => self.sequence.fetch_add(1, Ordering::Relaxed) + 1,
            0xc020_6440 | 0xc010_6442 | 0xc008_64bf => 1,
            _ => 0,
        };
        argument[..8].copy_from_slice(&number.to_le_bytes());
        Ok(0)
    }

    fn map(&self, _offset: u64, length: usize) -> Result<MmapRaw, Errno> {
        Ok(MmapOptions::new().len(length).map_anon().unwrap().into())
    }
}

#[test]
fn the_steady_state_allocates_nothing() {
    let device = Device::new(Box::new(Nothing::default()), "nothing").unwrap();
    let context = Context::new(&device, Priority::Normal).unwrap();
    let buffers = (0..8).map(|_| BufferObject::new(&device, &BufferRequest::gtt(1 << 16)).unwrap());
    let mappings: Vec<_> = buffers.map(|buffer| VaMapping::new(&buffer, PageFlags::DATA).unwrap()).collect();
    let residency = Residency::new(mappings.clone());
    let semaphore = SyncObj::new(&device, false).unwrap();
    let mut submission = Submission::new(&context, Queue::compute(0)).unwrap();
    let mut earlier = None;
    let mut round = |submits: &mut Vec<Duration>| {
        submission.clear();
        submission.residency(&residency).unwrap();
        submission.ib(mappings[0].address(), 1024, IbFlags::INVALIDATE_CACHES).unwrap();
        submission.ib(mappings[1].address(), 64, IbFlags::empty()).unwrap();
        submission.wait_for(&semaphore, 3).unwrap().signal(&semaphore, 4).unwrap();
        if let Some(fence) = &earlier {
            submission.after(fence).unwrap();
        }
        let start = Instant::now();
        let fence = submission.submit().unwrap();
        submits.push(start.elapsed());
        fence.wait(Deadline::after(Duration::from_secs(1))).unwrap();
        earlier = Some(fence);
    };
    let mut submits = Vec::with_capacity(4000);
    (0..10).for_each(|_| round(&mut submits));
    submits.clear();
    let before = ALLOCATIONS.with(Cell::get);
    (0..1000).for_each(|_| round(&mut submits));
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 0, "allocations in 1000 rounds");
    submits.sort_unstable();
    // The aim is 2 us on an idle machine; the bound leaves room for a busy one and for code that isn't optimised.
    let median = submits[submits.len() / 2];
    assert!(median < Duration::from_micros(20), "a submission takes {median:?} without the kernel");
    eprintln!("a submission takes {median:?} without the kernel");
}
