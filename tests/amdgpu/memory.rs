//! Where buffers go when memory gets scarce, and what is counted.

use crate::fake::*;
use sparkle::amdgpu::{BufferObject, BufferRequest, CpuAccess, Errno, Error, Placement};

const MIB: u64 = 1 << 20;

#[test]
fn vram_that_others_use_is_left_to_them() {
    let fake = Fake::new();
    fake.state().heaps = [(1024 * MIB, 1000 * MIB), (256 * MIB, 250 * MIB), (8192 * MIB, 0)];
    let device = fake.open();
    let place = |bytes, access| {
        let buffer = BufferObject::new(&device, &BufferRequest::vram(bytes).access(access)).unwrap();
        (buffer.placement().unwrap(), fake.last(GEM_CREATE).u64(16), fake.last(GEM_CREATE).u64(24))
    };
    assert_eq!(place(20 * MIB, CpuAccess::None), (Placement::Vram, 4, 0x82));
    assert_eq!(place(30 * MIB, CpuAccess::None), (Placement::Gtt, 2, 0x82));
    // The part that the CPU sees is smaller, and buffers that it writes need that part.
    assert_eq!(place(4 * MIB, CpuAccess::Write), (Placement::Vram, 4, 0x81));
    assert_eq!(place(8 * MIB, CpuAccess::Write), (Placement::Gtt, 2, 0x84));
    assert_eq!(place(8 * MIB, CpuAccess::ReadWrite), (Placement::Gtt, 2, 0x80));
}

#[test]
fn what_the_kernel_refuses_in_vram_goes_to_gtt() {
    let fake = Fake::new();
    let device = fake.open();
    fake.state().fail.insert(GEM_CREATE, (1, Errno::ENOMEM));
    let buffer = BufferObject::new(&device, &BufferRequest::vram(4096)).unwrap();
    assert_eq!(buffer.placement(), Some(Placement::Gtt));
    let domains: Vec<u64> = fake.calls(GEM_CREATE).iter().map(|call| call.u64(16)).collect();
    assert_eq!(domains, [4, 2]);
}

#[test]
fn no_memory_at_all_is_an_error_of_its_own() {
    let fake = Fake::new();
    let device = fake.open();
    fake.state().fail.insert(GEM_CREATE, (9, Errno::ENOMEM));
    let error = BufferObject::new(&device, &BufferRequest::vram(4096)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/dev/dri/renderD128: no room for 4096 bytes of VRAM or GTT memory; free other buffers or work in smaller pieces"
    );
    let error = BufferObject::new(&device, &BufferRequest::gtt(8192)).unwrap_err();
    assert!(matches!(error, Error::OutOfMemory { bytes: 8192, place: "GTT", .. }));
    for bytes in [0, u64::MAX] {
        fake.forget();
        assert!(BufferObject::new(&device, &BufferRequest::gtt(bytes)).is_err());
        assert!(fake.calls(GEM_CREATE).is_empty(), "{bytes} bytes aren't asked for");
    }
}

#[test]
fn buffers_are_counted_where_they_are() {
    let fake = Fake::new();
    let device = fake.open();
    let usage = || {
        let usage = device.usage();
        (usage.vram_bytes(), usage.visible_vram_bytes(), usage.gtt_bytes())
    };
    let hidden = BufferObject::new(&device, &BufferRequest::vram(4096)).unwrap();
    let seen = BufferObject::new(&device, &BufferRequest::vram(3 * MIB).access(CpuAccess::Write)).unwrap();
    let system = BufferObject::new(&device, &BufferRequest::gtt(100)).unwrap();
    assert_eq!(usage(), (4096 + 4 * MIB, 4 * MIB, 4096));
    drop(seen);
    assert_eq!(usage(), (4096, 0, 4096));
    drop((hidden, system));
    assert_eq!(usage(), (0, 0, 0));
}
