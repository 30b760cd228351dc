//! What errors say: which device, what happened, what to do; and that a kernel that is interrupted isn't one that refuses.

use crate::fake::*;
use crate::submissions::setup;
use sparkle::amdgpu::{
    BufferObject, BufferRequest, Context, CpuAccess, Deadline, Device, Errno, Error, PageFlags, Priority, SyncObj,
    Unusable, VaMapping,
};
use std::error::Error as _;

fn unusable(change: impl FnOnce(&mut State)) -> Unusable {
    let fake = Fake::new();
    change(&mut fake.state());
    match Device::new(Box::new(fake), "node") {
        Err(Error::Unusable { reason, device }) => {
            assert_eq!(device.as_str(), "node");
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn nodes_that_cannot_be_used_say_why() {
    assert_eq!(unusable(|node| node.driver = "i915"), Unusable::OtherDriver { driver: "i915".into() });
    assert_eq!(unusable(|node| node.minor = 42), Unusable::OldDriver { major: 3, minor: 42 });
    assert_eq!(unusable(|node| node.minor = 47), Unusable::OldDriver { major: 3, minor: 47 });
    assert_eq!(unusable(|node| node.caps = 0), Unusable::OldDriver { major: 3, minor: 61 });
    assert_eq!(unusable(|node| node.accel_working = 0), Unusable::NotWorking);
    assert_eq!(unusable(|node| node.compute_rings = 0), Unusable::NoComputeRings);
    let unknown = Unusable::UnknownChip { version: 0x0d_0000, family: 145, revision: 1 };
    assert_eq!(unusable(|node| node.ip_version = 0x0d_0000), unknown);
    let refused = |errno| {
        unusable(|node| {
            node.fail.insert(VERSION, (1, errno));
        })
    };
    assert_eq!(refused(Errno::ENODEV), Unusable::Gone);
    assert!(matches!(refused(Errno::ENOTTY), Unusable::Call { errno: Errno::ENOTTY, .. }));
}

#[test]
fn a_driver_without_discovery_versions_is_known_by_its_revision() {
    for (revision, gfx) in [(0x01, "gfx1100"), (0x10, "gfx1102"), (0x20, "gfx1101")] {
        let fake = Fake::new();
        (fake.state().ip_version, fake.state().external_rev) = (0, revision);
        assert_eq!(fake.open().info().gfx.to_string(), gfx);
    }
}

#[test]
fn calls_that_fail_say_where_and_which() {
    let setup = setup();
    let fail = |request, errno| {
        setup.fake.state().fail.insert(request, (1, errno));
    };
    let buffer = BufferObject::new(&setup.device, &BufferRequest::gtt(4096)).unwrap();

    fail(GEM_VA, Errno::EINVAL);
    let error = VaMapping::new(&buffer, PageFlags::DATA).unwrap_err();
    assert_eq!(error.to_string(), "/dev/dri/renderD128: the kernel refused AMDGPU_GEM_VA");
    assert_eq!(error.source().unwrap().to_string(), "EINVAL: Invalid argument");

    fail(GEM_MMAP, Errno::ENODEV);
    assert!(matches!(buffer.map(), Err(Error::Gone { .. })));
    fail(0, Errno::ENOMEM);
    assert!(matches!(buffer.map(), Err(Error::KernelMemory { call: "mmap", .. })));
    fail(PRIME_HANDLE_TO_FD, Errno::EPERM);
    assert!(buffer.export().unwrap_err().to_string().contains("can't be shared"));
    fail(CTX, Errno::EACCES);
    let error = Context::new(&setup.device, Priority::High).unwrap_err();
    assert!(matches!(error, Error::Permission { .. }) && error.to_string().contains("CAP_SYS_NICE"));
    fail(SYNCOBJ_CREATE, Errno::EHWPOISON);
    assert!(matches!(SyncObj::new(&setup.device, false), Err(Error::Hardware { .. })));
    fail(CS, Errno::ENODEV);
    assert!(setup.submission().submit().unwrap_err().loses_context());
    fail(CS, Errno::EINVAL);
    let error = setup.submission().submit().unwrap_err();
    assert!(matches!(error, Error::Call { call: "AMDGPU_CS", .. }) && !error.loses_context());
    let fence = setup.submission().submit().unwrap();
    fail(WAIT_CS, Errno::ENODEV);
    assert!(matches!(fence.wait(Deadline::NEVER), Err(Error::Gone { .. })));
}

#[test]
fn every_call_survives_interruptions() {
    let setup = setup();
    for errno in [Errno::EINTR, Errno::EAGAIN, Errno::ERESTART] {
        for request in [GEM_CREATE, GEM_VA, CTX, CS, WAIT_CS, SYNCOBJ_CREATE, INFO, GEM_MMAP] {
            setup.fake.state().fail.insert(request, (3, errno));
        }
        setup.fake.forget();
        let context = Context::new(&setup.device, Priority::Normal).unwrap();
        let buffer = BufferObject::new(&setup.device, &BufferRequest::gtt(4096)).unwrap();
        let _mapping = VaMapping::new(&buffer, PageFlags::DATA).unwrap();
        let _semaphore = SyncObj::new(&setup.device, false).unwrap();
        assert!(setup.device.memory().is_ok() && context.state().is_ok());
        let mut submission = setup.submission();
        submission.submit().unwrap().wait(Deadline::NEVER).unwrap();
        for request in [CS, WAIT_CS, GEM_VA] {
            let calls = setup.fake.calls(request);
            assert_eq!(calls.len(), 4, "{request:#x}, {errno}");
            assert!(calls.iter().all(|call| call.argument == calls[0].argument), "each time the whole block");
        }
    }
}

#[test]
fn a_call_that_never_stops_saying_again_ends() {
    let setup = setup();
    setup.fake.state().fail.insert(CS, (u32::MAX, Errno::EAGAIN));
    let start = std::time::Instant::now();
    assert!(matches!(setup.submission().submit(), Err(Error::Call { errno: Errno::EAGAIN, .. })));
    assert!(start.elapsed() > std::time::Duration::from_millis(400));
}

#[test]
fn buffers_without_cpu_access_are_not_mapped() {
    let setup = setup();
    let buffer = BufferObject::new(&setup.device, &BufferRequest::gtt(4096).access(CpuAccess::None)).unwrap();
    assert!(matches!(buffer.map(), Err(Error::NoCpuAccess { .. })));
    assert!(setup.fake.calls(GEM_MMAP).len() == 1, "that of the context's page alone");
}

#[test]
fn ranges_outside_of_buffers_are_not_mapped() {
    let setup = setup();
    let buffer = BufferObject::new(&setup.device, &BufferRequest::gtt(8192)).unwrap();
    let part = |offset, bytes| VaMapping::part(&buffer, offset, bytes, PageFlags::DATA);
    for (offset, bytes) in [(0, 0), (4096, 8192), (8192, 4096), (u64::MAX - 4095, 4096), (4096, u64::MAX)] {
        assert!(matches!(part(offset, bytes), Err(Error::OutOfBounds { .. })), "{offset:#x} {bytes:#x}");
    }
    assert!(matches!(part(1, 4096), Err(Error::Unaligned { what: "offset", value: 1, .. })));
    assert!(matches!(part(0, 5000), Err(Error::Unaligned { what: "size", value: 5000, .. })));
    assert!(part(4096, 4096).is_ok());
}
