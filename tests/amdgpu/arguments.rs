//! The exact bytes of every call, against the layouts that a C compiler prints for the kernel's header.

use crate::fake::*;
use sparkle::amdgpu::{
    BufferObject, BufferRequest, Context, CpuAccess, Deadline, Errno, PageFlags, Placement, Priority, StableClocks,
    SyncObj, VaMapping,
};
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;

fn last_bytes(fake: &Fake, request: u32) -> Vec<u8> {
    fake.last(request).argument
}

#[test]
fn opening_asks_for_version_capabilities_and_the_chip() {
    let fake = Fake::new();
    let device = fake.open();
    let requests: Vec<u32> = fake.state().log.iter().map(|call| call.request).collect();
    assert_eq!(requests[..4], [VERSION, GET_CAP, GET_CAP, INFO]);
    let caps = fake.calls(GET_CAP);
    assert_eq!(caps[0].argument, block(16, &[(0, 8, 0x13)]));
    assert_eq!(caps[1].argument, block(16, &[(0, 8, 0x14)]));
    let queries: Vec<(u32, u32, u32)> =
        fake.calls(INFO).iter().map(|call| (call.u32(12), call.u32(8), call.u32(16))).collect();
    // Query, size of the answer, first argument: ACCEL_WORKING, DEV_INFO, HW_IP_INFO of GFX, COMPUTE and DMA, MEMORY.
    assert_eq!(queries[..6], [(0, 4, 0), (0x16, 440, 0), (2, 40, 0), (2, 40, 1), (2, 40, 2), (0x19, 96, 0)]);
    // Then the firmware: ME, PFP, MEC, RLC, MES, SMC, IMU.
    assert_eq!(queries[6..].iter().map(|(_, _, kind)| *kind).collect::<Vec<_>>(), [4, 5, 8, 7, 0x1a, 0x0a, 0x1b]);

    let info = device.info();
    assert_eq!((info.chip, info.gfx.to_string().as_str(), info.drm_minor), ("Navi 31", "gfx1100", 61));
    assert_eq!((info.device_id, info.pci_revision, info.family), (0x744c, 0xc8, 145));
    assert_eq!((info.shader_engines, info.arrays_per_engine, info.compute_units), (6, 2, 96));
    assert_eq!((info.cu_mask(0, 0), info.cu_mask(5, 1), info.cu_mask(5, 0), info.cu_mask(9, 9)), (0xff, 0x7f, 0, 0));
    assert_eq!((info.engine_clock_khz, info.memory_clock_khz, info.counter_khz), (2_482_000, 1_249_000, 100_000));
    assert_eq!((info.wave_lanes, info.vgprs, info.l2_channels, info.memory_bus_bits), (32, 1536, 24, 384));
    assert_eq!((info.caches.l0_kib, info.caches.l1_kib, info.caches.l2_kib), (32, 256, 6144));
    assert_eq!((info.caches.scalar_kib, info.caches.instruction_kib, info.caches.mall_bytes), (16, 32, 96 << 20));
    assert_eq!((info.memory.vram.total_bytes, info.memory.vram.used_bytes), (16 << 30, 1 << 30));
    assert_eq!((info.va_low, info.va_alignment), ((0x1_0000, 0x8000_0000_0000), 4096));
    assert_eq!((info.compute.count, info.compute.ib_alignment, info.graphics.count), (4, 32, 1));
    assert_eq!((info.firmware.mec, info.firmware.mes), (2008, 2026));
    assert!(info.all_vram_visible() && !info.integrated);
}

#[test]
fn what_linux_6_1_does_not_say_is_zero() {
    let fake = Fake::new();
    fake.state().minor = 49;
    let device = fake.open();
    let info = device.info();
    assert_eq!((info.compute_units, info.vgprs, info.caches), (96, 1536, sparkle::amdgpu::Caches::default()));
    fake.state().fault = (0x1000, 1);
    fake.forget();
    assert_eq!(device.last_fault(), None);
    assert!(fake.calls(INFO).is_empty(), "a query that it doesn't know isn't asked");
    fake.state().fail.insert(GEM_LIST_HANDLES, (1, Errno::EINVAL));
    assert_eq!(device.kernel_buffers().unwrap(), None);
}

#[test]
fn buffers() {
    let fake = Fake::new();
    let device = fake.open();
    let made = |request: BufferRequest| {
        let buffer = BufferObject::new(&device, &request).unwrap();
        (buffer.bytes(), last_bytes(&fake, GEM_CREATE))
    };
    // Fields: bo_size@0, alignment@8, domains@16 (GTT 2, VRAM 4), domain_flags@24 (EXPLICIT_SYNC 0x80 and more).
    let create = |size, alignment, domains, flags| {
        block(32, &[(0, 8, size), (8, 8, alignment), (16, 8, domains), (24, 8, flags)])
    };
    assert_eq!(made(BufferRequest::gtt(5000)), (8192, create(8192, 0, 2, 0x80)));
    assert_eq!(made(BufferRequest::gtt(4096).access(CpuAccess::Write)).1, create(4096, 0, 2, 0x84));
    assert_eq!(made(BufferRequest::gtt(4096).access(CpuAccess::None)).1, create(4096, 0, 2, 0x82));
    assert_eq!(made(BufferRequest::vram(4096)).1, create(4096, 0, 4, 0x82));
    assert_eq!(made(BufferRequest::vram(4096).access(CpuAccess::Write)).1, create(4096, 0, 4, 0x81));
    assert_eq!(made(BufferRequest::vram(4096).always_valid()).1, create(4096, 0, 4, 0xc2));
    // From 2 MiB on, whole blocks of 2 MiB.
    assert_eq!(made(BufferRequest::vram((2 << 20) + 1)), (4 << 20, create(4 << 20, 2 << 20, 4, 0x82)));
    assert_eq!(last_bytes(&fake, GEM_CLOSE), block(8, &[(0, 4, 1)]));

    let buffer = BufferObject::new(&device, &BufferRequest::gtt(4096)).unwrap();
    drop(buffer.map().unwrap());
    assert_eq!(last_bytes(&fake, GEM_MMAP), block(8, &[(0, 4, 1)]));
    assert!(buffer.wait_idle(Deadline::NOW).unwrap());
    assert_eq!(last_bytes(&fake, GEM_WAIT_IDLE), block(16, &[(0, 4, 1)]));
    buffer.prefer(Placement::Vram).unwrap();
    assert_eq!(last_bytes(&fake, GEM_OP), block(16, &[(0, 4, 1), (4, 4, 1), (8, 8, 4)]));
}

#[test]
fn an_older_driver_and_an_apu_may_put_vram_anywhere() {
    for (minor, integrated) in [(57, false), (61, true)] {
        let fake = Fake::new();
        (fake.state().minor, fake.state().integrated) = (minor, integrated);
        let device = fake.open();
        let _buffer = BufferObject::new(&device, &BufferRequest::vram(4096)).unwrap();
        assert_eq!(fake.last(GEM_CREATE).u64(16), 6, "VRAM and GTT");
    }
}

#[test]
fn mappings() {
    let fake = Fake::new();
    let device = fake.open();
    let buffer = BufferObject::new(&device, &BufferRequest::gtt(3 << 16)).unwrap();
    // handle@0, operation@8, flags@12, va_address@16, offset_in_bo@24, map_size@32; the block of Linux 6.1, 40 bytes.
    let va = |op, flags, at, offset, size| {
        block(40, &[(0, 4, 1), (8, 4, op), (12, 4, flags), (16, 8, at), (24, 8, offset), (32, 8, size)])
    };
    let all = VaMapping::new(&buffer, PageFlags::DATA).unwrap();
    assert_eq!(last_bytes(&fake, GEM_VA), va(1, 0x6, 1 << 32, 0, 3 << 16));
    assert_eq!((all.address().get(), all.bytes()), (1 << 32, 3 << 16));
    let code = VaMapping::part(&buffer, 0x1000, 0x2000, PageFlags::CODE | PageFlags::NO_MALL).unwrap();
    let at = code.address().get();
    assert!(at >= (1 << 32) + (3 << 16) + 4096, "a guard lies between");
    assert_eq!(last_bytes(&fake, GEM_VA), va(1, 0x20a, at, 0x1000, 0x2000));
    let polled = VaMapping::part(&buffer, 0, 0x1000, PageFlags::DATA | PageFlags::UNCACHED).unwrap();
    assert_eq!(fake.last(GEM_VA).u32(12), 0x86);
    drop(polled);
    drop(code);
    assert_eq!(last_bytes(&fake, GEM_VA), va(2, 0, at, 0, 0x2000));
    drop((all, buffer, device));
    fake.assert_empty("after everything");
}

#[test]
fn large_mappings_lie_on_large_fragments() {
    let fake = Fake::new();
    let device = fake.open();
    let address = |bytes| {
        let buffer = BufferObject::new(&device, &BufferRequest::gtt(bytes)).unwrap();
        VaMapping::new(&buffer, PageFlags::DATA).unwrap()
    };
    let mappings = [address(4096), address(5 << 20), address(1 << 16), address(2 << 20)];
    let alignments = [4096, 2 << 20, 1 << 16, 2 << 20];
    for (mapping, alignment) in mappings.iter().zip(alignments) {
        assert!(mapping.address().is_aligned(alignment), "{} for {alignment:#x}", mapping.address());
        assert!(mapping.address().get() + mapping.bytes() <= 0x8000_0000_0000);
    }
}

#[test]
fn contexts() {
    let fake = Fake::new();
    let device = fake.open();
    // op@0, flags@4, ctx_id@8, priority@12 (signed).
    let ctx = |op, flags, id, priority: i32| {
        block(16, &[(0, 4, op), (4, 4, flags), (8, 4, id), (12, 4, u64::from(priority.cast_unsigned()))])
    };
    let low = Context::new(&device, Priority::Low).unwrap();
    assert_eq!(last_bytes(&fake, CTX), ctx(1, 0, 0, -512));
    let high = Context::new(&device, Priority::High).unwrap();
    assert_eq!(last_bytes(&fake, CTX), ctx(1, 0, 0, 512));
    let _normal = Context::new(&device, Priority::Normal).unwrap();
    assert_eq!(last_bytes(&fake, CTX), ctx(1, 0, 0, 0));
    low.state().unwrap();
    assert_eq!(last_bytes(&fake, CTX), ctx(4, 0, 1, 0));
    high.hold_clocks(StableClocks::Standard).unwrap();
    assert_eq!(last_bytes(&fake, CTX), ctx(6, 1, 2, 0));
    high.hold_clocks(StableClocks::Peak).unwrap();
    assert_eq!(last_bytes(&fake, CTX), ctx(6, 4, 2, 0));
    assert!(high.clocks_are_held().unwrap());
    assert_eq!(last_bytes(&fake, CTX), ctx(5, 0, 2, 0));
    drop(high);
    assert_eq!(last_bytes(&fake, CTX), ctx(2, 0, 2, 0));
}

#[test]
fn sync_objects() {
    let fake = Fake::new();
    let device = fake.open();
    let one = SyncObj::new(&device, false).unwrap();
    let two = SyncObj::new(&device, true).unwrap();
    let created = fake.calls(SYNCOBJ_CREATE);
    assert_eq!(created[0].argument, block(8, &[]));
    assert_eq!(created[1].argument, block(8, &[(4, 4, 1)]));
    two.copy_from(5, &one, 3).unwrap();
    let transfer = block(32, &[(0, 4, 1), (4, 4, 2), (8, 8, 3), (16, 8, 5)]);
    assert_eq!(last_bytes(&fake, SYNCOBJ_TRANSFER), transfer);
    let file = tempfile::tempfile().unwrap();
    two.notify(9, file.as_fd()).unwrap();
    let fd = u64::from(file.as_raw_fd().cast_unsigned());
    assert_eq!(last_bytes(&fake, SYNCOBJ_EVENTFD), block(24, &[(0, 4, 2), (8, 8, 9), (16, 4, fd)]));
    two.import_sync_file(file.as_fd()).unwrap();
    assert_eq!(last_bytes(&fake, SYNCOBJ_FD_TO_HANDLE), block(16, &[(0, 4, 2), (4, 4, 1), (8, 4, fd)]));
    let three = SyncObj::import(&device, file.as_fd()).unwrap();
    assert_eq!(last_bytes(&fake, SYNCOBJ_FD_TO_HANDLE), block(16, &[(8, 4, fd)]));
    assert!(is_open(&one.export().unwrap()));
    assert_eq!(last_bytes(&fake, SYNCOBJ_HANDLE_TO_FD), block(16, &[(0, 4, 1), (8, 4, 0xffff_ffff)]));
    assert!(is_open(&one.export_sync_file().unwrap()));
    assert_eq!(last_bytes(&fake, SYNCOBJ_HANDLE_TO_FD), block(16, &[(0, 4, 1), (4, 4, 1), (8, 4, 0xffff_ffff)]));
    one.reset().unwrap();
    assert_eq!((fake.last(SYNCOBJ_RESET).u32(8), fake.last(SYNCOBJ_RESET).u32(12)), (1, 0));
    one.signal(0).unwrap();
    assert_eq!(fake.last(SYNCOBJ_SIGNAL).u32(8), 1);
    one.signal(4).unwrap();
    assert_eq!((fake.last(SYNCOBJ_TIMELINE_SIGNAL).u32(16), fake.last(SYNCOBJ_TIMELINE_SIGNAL).u32(20)), (1, 0));
    assert_eq!(one.point().unwrap(), 77);

    // timeout_nsec@8 and 16, count_handles@16 and 24, flags@20 and 28: ALL 1, FOR_SUBMIT 2.
    one.wait(0, Deadline::NEVER).unwrap();
    let wait = fake.last(SYNCOBJ_WAIT);
    assert_eq!((wait.u64(8), wait.u32(16), wait.u32(20)), (0x7fff_ffff_ffff_ffff, 1, 3));
    assert_eq!(SyncObj::wait_any(&[(&one, 3), (&two, 0)], Deadline::NOW).unwrap(), 1);
    let wait = fake.last(SYNCOBJ_TIMELINE_WAIT);
    assert_eq!((wait.u64(16), wait.u32(24), wait.u32(28)), (0, 2, 2));
    let handle = Arc::strong_count(&three);
    assert_eq!(handle, 1);
    drop((one, two, three, device));
    assert_eq!(fake.calls(SYNCOBJ_DESTROY).iter().map(|call| call.u32(0)).collect::<Vec<_>>(), [1, 2, 3]);
    fake.assert_empty("after everything");
}

#[test]
fn reports() {
    use sparkle::amdgpu::Sensor;
    let fake = Fake::new();
    let device = fake.open();
    assert_eq!(
        (device.timestamp().unwrap(), device.evictions().unwrap(), device.vram_losses().unwrap()),
        (123_456_789, 42, 3)
    );
    assert_eq!(device.sensor(Sensor::Temperature).unwrap(), Some(45_000));
    assert_eq!(device.sensor(Sensor::Voltage).unwrap(), None);
    assert_eq!(device.last_fault(), None);
    fake.state().fault = (0x1234_5000, 0x0004_1051);
    assert_eq!(device.last_fault().unwrap().address.get(), 0x1234_5000);
    assert_eq!(device.memory().unwrap().gtt.free_bytes(), 8 << 30);
    let buffers: Vec<_> = (0..70).map(|_| BufferObject::new(&device, &BufferRequest::gtt(4096)).unwrap()).collect();
    assert_eq!(device.kernel_buffers().unwrap(), Some(70), "more than the first guess has room for");
    drop(buffers);
    assert_eq!(device.kernel_buffers().unwrap(), Some(0));
}
