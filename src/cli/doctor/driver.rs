//! Rungs 0 to 6: nodes, questions, contexts, memory, addresses. Nothing runs on the GPU yet.

use super::bench::{BUFFER_BYTES, Bench, Use};
use super::diagnosis::{self, Advice};
use super::{Failed, Step, Subject, Values};
use crate::amdgpu::{BufferRequest, Device, Errno, Found, LEAST_DRM_MINOR, Placement, ResetState, Unusable, VaMapping};
use crate::cli::device::{Gpus, sysfs};
use sparkle_pm4::{Generation, Gfx};
use std::sync::Arc;

/// The node that is looked at.
pub(super) struct Candidate {
    found: Result<Found, String>,
    /// Reasons of all nodes.
    others: Vec<String>,
}

impl Candidate {
    pub(super) fn new(gpus: &Gpus, index: Option<usize>) -> Self {
        let others = gpus.visible.iter().chain(&gpus.others).filter_map(|found| {
            found.device.as_ref().err().map(|reason| format!("{}: {reason}", found.node.display()))
        });
        // Without a number the first that works, so that one that doesn't isn't in its way.
        let usable = gpus.visible.iter().position(|found| found.device.is_ok());
        Self { found: gpus.get(index.or(usable)).cloned(), others: others.collect() }
    }

    pub(super) fn found(&self) -> Option<&Found> {
        self.found.as_ref().ok()
    }

    /// The open device and its chip.
    pub(super) fn device(&self) -> Option<(Arc<Device>, Gfx)> {
        let device = self.found()?.device.as_ref().ok()?;
        Some((device.clone(), device.info().gfx.to_string().parse().ok()?))
    }

    /// Fails on the rung where `reason` belongs; above it there is a device.
    fn on(&self, rung: u8) -> Result<&Found, Failed> {
        match &self.found {
            Err(reason) => Err(Failed::new(reason.clone())),
            Ok(Found { device: Err(reason), node, .. }) if rung_of(reason) == rung => {
                Err(Failed::new(format!("{}: {reason}", node.display())))
            }
            Ok(found) => Ok(found),
        }
    }

    fn usable(&self, rung: u8) -> Result<&Arc<Device>, Failed> {
        let found = self.on(rung)?;
        found.device.as_ref().map_err(|reason| Failed::new(reason.to_string()))
    }
}

/// Where a reason is met.
fn rung_of(reason: &Unusable) -> u8 {
    match reason {
        Unusable::Missing | Unusable::OtherDriver { .. } => 0,
        Unusable::NotWorking => 2,
        Unusable::NoComputeRings | Unusable::UnknownChip { .. } => 3,
        Unusable::Call { call, .. } if call.starts_with("AMDGPU_INFO ACCEL") || *call == "GET_CAP" => 2,
        Unusable::Call { call, .. } if call.starts_with("AMDGPU_INFO") => 3,
        _ => 1,
    }
}

impl Subject for Candidate {
    fn begin(&mut self, _rung: &'static str) {}

    fn diagnose(&self, failed: &Failed, values: &mut Values) -> Advice {
        if !self.others.is_empty() {
            values.set("nodes", self.others.join("; "));
        }
        match self.found() {
            Some(Found { device: Err(reason), .. }) => diagnosis::of_node(reason),
            _ => diagnosis::of_error(failed, values),
        }
    }
}

pub(super) const NODE: &[Step<Candidate>] = &[
    Step {
        id: "0",
        name: "a node of amdgpu",
        did: "listed /dev/dri/renderD* and read their drivers and PCI ids in /sys/class/drm",
        proves: "the driver is loaded and has a GPU",
        cause: "no amdgpu node: the driver or its firmware is missing, or a container was started without the device",
        next: "`lspci -nnk | grep -A3 -iE 'vga|display'`: 'Kernel driver in use: amdgpu'",
        run: node,
    },
    Step {
        id: "1",
        name: "open and VERSION",
        did: "opened the node for reading and writing and asked for the driver's name and version",
        proves: "permissions, the descriptor, the ioctl",
        cause: "EACCES is a missing group, EPERM a container's device rules; an old version is a kernel before 6.1",
        next: "`ls -l /dev/dri; id`",
        run: open,
    },
    Step {
        id: "2",
        name: "capabilities",
        did: "GET_CAP of sync objects and timelines, INFO ACCEL_WORKING",
        proves: "the driver's start was complete, its own ring tests included",
        cause: "a ring test failed when the driver started",
        next: "`sudo dmesg | grep -i amdgpu`: the lines of the driver's start",
        run: capabilities,
    },
    Step {
        id: "3",
        name: "what it is",
        did: "INFO DEV_INFO, HW_IP_INFO of graphics, compute and DMA, MEMORY, FW_VERSION",
        proves: "structure layouts, and that this is a gfx11 chip with compute rings",
        cause: "a chip of another generation; zeros or garbage: a structure of another size",
        next: "compare the values with `sudo cat /sys/kernel/debug/dri/*/amdgpu_firmware_info` and `lspci`",
        run: identity,
    },
];

fn node(candidate: &mut Candidate, values: &mut Values) -> Result<String, Failed> {
    let found = candidate.on(0)?;
    let pci = found.pci.as_deref().unwrap_or("no PCI address");
    let id = |name| sysfs::value(found, name).unwrap_or_else(|| "?".to_owned());
    let (vendor, device) = (id("vendor"), id("device"));
    values.set("node", found.node.display().to_string());
    values.set("pci", pci);
    values.set("vendor", vendor.as_str());
    values.set("device", device.as_str());
    Ok(format!("{}, {pci}, PCI {vendor}:{device}", found.node.display()))
}

fn open(candidate: &mut Candidate, values: &mut Values) -> Result<String, Failed> {
    let found = candidate.on(1)?;
    let Ok(device) = &found.device else { return Ok("it opens, and is amdgpu".to_owned()) };
    let minor = device.info().drm_minor;
    values.set("drm_minor", minor);
    Ok(format!("amdgpu 3.{minor}, at least 3.{LEAST_DRM_MINOR} is needed"))
}

fn capabilities(candidate: &mut Candidate, _values: &mut Values) -> Result<String, Failed> {
    candidate.on(2)?;
    Ok("sync objects, timelines, acceleration works".to_owned())
}

fn identity(candidate: &mut Candidate, values: &mut Values) -> Result<String, Failed> {
    let device = candidate.usable(3)?;
    let info = device.info();
    values.set("chip", info.chip);
    values.set("gfx", info.gfx.to_string());
    values.set("compute_units", info.compute_units);
    values.set("shader_engines", info.shader_engines);
    values.set("compute_rings", info.compute.count);
    values.set("counter_khz", info.counter_khz);
    values.set("vram_bytes", info.memory.vram.total_bytes);
    values.set("gtt_bytes", info.memory.gtt.total_bytes);
    let file = candidate.found().and_then(|found| sysfs::value(found, "mem_info_vram_total"));
    if let Some(bytes) = file.and_then(|text| text.parse::<u64>().ok()) {
        values.set("sysfs_vram_bytes", bytes);
    }
    let gfx11 = matches!(candidate.device(), Some((_, gfx)) if gfx.generation() == Generation::Gfx11);
    if !gfx11 {
        return Err(Failed::new(format!("{} is {}; the kernels of this program are for gfx11", info.chip, info.gfx)));
    }
    for (name, value) in [
        ("compute units", info.compute_units),
        ("shader engines", info.shader_engines),
        ("the rate of timestamps", info.counter_khz),
    ] {
        if value == 0 {
            return Err(Failed::new(format!("the kernel says 0 for {name}")));
        }
    }
    let (chip, gfx, units, rings) = (info.chip, info.gfx, info.compute_units, info.compute.count);
    Ok(format!("{chip} ({gfx}), {units} CUs, {rings} compute rings"))
}

pub(super) const MEMORY: &[Step<Bench>] = &[
    Step {
        id: "4",
        name: "a context",
        did: "CTX ALLOC of normal priority, then QUERY_STATE2",
        proves: "contexts, and that no reset is going on",
        cause: "a GPU that is being reset, or a policy that forbids contexts",
        next: "`sudo dmesg | grep -i amdgpu`: 'GPU reset'",
        run: context,
    },
    Step {
        id: "5",
        name: "memory for the CPU",
        did: "GEM_CREATE of four buffers in GTT, GEM_MMAP and mmap; wrote a pattern and read it back",
        proves: "allocation and CPU mappings; new pages are zero",
        cause: "a flag that this kernel forbids, or no memory",
        next: "`cat /sys/class/drm/*/device/mem_info_gtt_*`",
        run: memory,
    },
    Step {
        id: "6",
        name: "addresses for the GPU",
        did: "GEM_VA MAP of each buffer, and the same once more, which has to be refused",
        proves: "the kernel really keeps a map: the second MAP is EINVAL because the first one is there",
        cause: "an address below the usable range, a misaligned one, or flags that the kernel doesn't know",
        next: "`echo 0x3 | sudo tee /sys/module/drm/parameters/debug`, again, and dmesg: 'conflict with'",
        run: addresses,
    },
];

fn context(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    let state = bench.renew_context()?.state()?;
    values.set("state", state.to_string());
    if state.is_empty() {
        return Ok(state.to_string());
    }
    let old = state.intersects(ResetState::CORRECTED | ResetState::UNCORRECTED);
    Err(Failed::new(format!("a new context says: {state}{}", if old { " (a defect of the memory)" } else { "" })))
}

fn memory(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    for purpose in Use::ALL {
        bench.add(purpose, &BufferRequest::gtt(BUFFER_BYTES))?;
        let place = bench.place(purpose)?;
        let map = &mut place.map;
        let mut bytes = vec![0xff; map.len()];
        map.read_at(0, &mut bytes)?;
        if let Some(at) = bytes.iter().position(|byte| *byte != 0) {
            return Err(Failed::new(format!("a new {} buffer isn't zero at byte {at:#x}", purpose.name())));
        }
        let pattern: Vec<u8> = (0..map.len()).map(|at| (at * 7 + at / 251) as u8).collect(); // CAST: the low byte.
        map.write_at(0, &pattern)?;
        map.read_at(0, &mut bytes)?;
        if bytes != pattern {
            return Err(Failed::new(format!("the {} buffer doesn't keep what is written", purpose.name())));
        }
        map.fill(0, pattern.len(), 0)?;
        if place.map.buffer().placement() != Some(Placement::Gtt) {
            return Err(Failed::new("the buffer isn't in GTT"));
        }
    }
    values.set("bytes_each", BUFFER_BYTES);
    Ok(format!("{} buffers of {BUFFER_BYTES} bytes keep a pattern", Use::ALL.len()))
}

fn addresses(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    for place in &mut bench.buffers {
        let mapping = VaMapping::new(place.map.buffer(), place.purpose.flags())?;
        values.hex(place.purpose.name(), mapping.address().get());
        match mapping.map_again() {
            Err(Errno::EINVAL) => {}
            Err(errno) => return Err(Failed::new(format!("the second MAP is refused with {errno} and not EINVAL"))),
            Ok(()) => return Err(Failed::new("the kernel maps the same address twice: the first MAP did nothing")),
        }
        place.mapping = Some(mapping);
    }
    Ok(format!("{} mappings; each a second time is EINVAL", Use::ALL.len()))
}
