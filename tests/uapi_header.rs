//! The bindings against the kernel's own headers: a C probe, compiled against three releases of them, prints every size,
//! offset and number that [`sparkle::amdgpu::uapi`] has, and they must be the same.
//!
//! It needs a C compiler, `$CC` or `cc`; without one it fails, because nothing else checks the bindings.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use sparkle::amdgpu::uapi::{CONSTANTS, LAYOUTS, Layout, REQUESTS};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Types that a release doesn't have.
const ABSENT_TYPES: &[(&str, &[&str])] = &[
    ("struct drm_set_client_name", &["6.1", "6.12"]),
    ("struct drm_syncobj_eventfd", &["6.1"]),
    ("struct drm_amdgpu_gem_vm_entry", &["6.1", "6.12"]),
    ("struct drm_amdgpu_gem_list_handles", &["6.1", "6.12"]),
    ("struct drm_amdgpu_gem_list_handles_entry", &["6.1", "6.12"]),
    ("struct drm_amdgpu_proc_options", &["6.1", "6.12"]),
    ("struct drm_amdgpu_cs_chunk_cp_gfx_shadow", &["6.1"]),
    ("struct drm_amdgpu_info_gpuvm_fault", &["6.1"]),
    ("struct drm_amdgpu_userq_in", &["6.1", "6.12"]),
    ("struct drm_amdgpu_userq_out", &["6.1", "6.12"]),
    ("struct drm_amdgpu_userq_mqd_gfx11", &["6.1", "6.12"]),
    ("struct drm_amdgpu_userq_mqd_sdma_gfx11", &["6.1", "6.12"]),
    ("struct drm_amdgpu_userq_mqd_compute_gfx11", &["6.1", "6.12"]),
    ("struct drm_amdgpu_userq_signal", &["6.1", "6.12"]),
    ("struct drm_amdgpu_userq_fence_info", &["6.1", "6.12"]),
    ("struct drm_amdgpu_userq_wait", &["6.1", "6.12"]),
    ("struct drm_amdgpu_info_uq_metadata_gfx", &["6.1", "6.12"]),
    ("struct drm_amdgpu_info_uq_metadata_compute", &["6.1", "6.12"]),
    ("struct drm_amdgpu_info_uq_metadata_sdma", &["6.1", "6.12"]),
];

/// Types that were shorter: the release, the bytes there, and the fields that are new or were padding.
const SHORTER_TYPES: &[(&str, &str, usize, &[&str])] = &[
    ("struct drm_syncobj_handle", "6.1", 16, &["point"]),
    ("struct drm_syncobj_handle", "6.12", 16, &["point"]),
    ("struct drm_syncobj_wait", "6.1", 32, &["deadline_nsec"]),
    ("struct drm_syncobj_timeline_wait", "6.1", 40, &["deadline_nsec"]),
    ("struct drm_amdgpu_gem_op", "6.1", 16, &["num_entries", "padding"]),
    ("struct drm_amdgpu_gem_op", "6.12", 16, &["num_entries", "padding"]),
    ("struct drm_amdgpu_gem_va", "6.1", 40, VA_FIELDS),
    ("struct drm_amdgpu_gem_va", "6.12", 40, VA_FIELDS),
    ("struct drm_amdgpu_info_hw_ip", "6.1", 32, &["userq_num_slots"]),
    ("struct drm_amdgpu_info_hw_ip", "6.12", 32, &["userq_num_slots"]),
    ("struct drm_amdgpu_info_device", "6.12", 440, &["userq_ip_mask"]),
    ("struct drm_amdgpu_info_device", "6.1", 368, DEVICE_FIELDS),
];

const VA_FIELDS: &[&str] =
    &["vm_timeline_point", "vm_timeline_syncobj_out", "num_syncobj_handles", "input_fence_syncobj_handles"];

const DEVICE_FIELDS: &[&str] = &[
    "pcie_gen",
    "pcie_num_lanes",
    "min_engine_clock",
    "min_memory_clock",
    "tcp_cache_size",
    "num_sqc_per_wgp",
    "sqc_data_cache_size",
    "sqc_inst_cache_size",
    "gl1c_cache_size",
    "gl2c_cache_size",
    "mall_size",
    "enabled_rb_pipes_mask_hi",
    "shadow_size",
    "shadow_alignment",
    "csa_size",
    "csa_alignment",
    "userq_ip_mask",
];

/// Numbers that were others: of requests because the structure was shorter, of blocks because there was one less.
const OTHER_NUMBERS: &[(&str, &str, u64)] = &[
    ("6.1", "AMDGPU_HW_IP_NUM", 9),
    ("6.1", "DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD", 0xc010_64c1),
    ("6.12", "DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD", 0xc010_64c1),
    ("6.1", "DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE", 0xc010_64c2),
    ("6.12", "DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE", 0xc010_64c2),
    ("6.1", "DRM_IOCTL_SYNCOBJ_WAIT", 0xc020_64c3),
    ("6.1", "DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT", 0xc028_64ca),
    ("6.1", "DRM_IOCTL_AMDGPU_GEM_VA", 0x4028_6448),
    ("6.12", "DRM_IOCTL_AMDGPU_GEM_VA", 0x4028_6448),
    ("6.1", "DRM_IOCTL_AMDGPU_GEM_OP", 0xc010_6450),
    ("6.12", "DRM_IOCTL_AMDGPU_GEM_OP", 0xc010_6450),
];

/// Numbers that a release doesn't have.
const ABSENT_NUMBERS: &[(&str, &[&str])] = &[("6.1", ABSENT_IN_6_1), ("6.12", ABSENT_IN_6_12), ("7.3", &[])];

const ABSENT_IN_6_1: &[&str] = &[
    "AMDGPU_CHUNK_ID_CP_GFX_SHADOW",
    "AMDGPU_CS_CHUNK_CP_GFX_SHADOW_FLAGS_INIT_SHADOW",
    "AMDGPU_CTX_QUERY2_FLAGS_RESET_IN_PROGRESS",
    "AMDGPU_FAMILY_GC_11_5_0",
    "AMDGPU_FAMILY_GC_11_5_4",
    "AMDGPU_FAMILY_GC_12_0_0",
    "AMDGPU_GEM_CREATE_COHERENT",
    "AMDGPU_GEM_CREATE_EXT_COHERENT",
    "AMDGPU_GEM_CREATE_GFX12_DCC",
    "AMDGPU_GEM_CREATE_UNCACHED",
    "AMDGPU_GEM_DOMAIN_DOORBELL",
    "AMDGPU_GEM_LIST_HANDLES_FLAG_IS_IMPORT",
    "AMDGPU_GEM_OP_GET_MAPPING_INFO",
    "AMDGPU_IDS_FLAGS_CONFORMANT_TRUNC_COORD",
    "AMDGPU_IDS_FLAGS_GANG_SUBMIT",
    "AMDGPU_IDS_FLAGS_MODE_MASK",
    "AMDGPU_IDS_FLAGS_MODE_SHIFT",
    "AMDGPU_INFO_GPUVM_FAULT",
    "AMDGPU_INFO_MAX_IBS",
    "AMDGPU_INFO_SENSOR_GPU_INPUT_POWER",
    "AMDGPU_INFO_SENSOR_PEAK_PSTATE_GFX_MCLK",
    "AMDGPU_INFO_SENSOR_PEAK_PSTATE_GFX_SCLK",
    "AMDGPU_INFO_UQ_FW_AREAS",
    "AMDGPU_PROC_OPTIONS_KFD_SIGBUS_DELAY_DISABLED",
    "AMDGPU_PROC_OPTIONS_OP_KFD_SIGBUS_DELAY",
    "AMDGPU_USERQ_CREATE_FLAGS_QUEUE_PRIORITY_MASK",
    "AMDGPU_USERQ_CREATE_FLAGS_QUEUE_SECURE",
    "AMDGPU_USERQ_OP_CREATE",
    "AMDGPU_USERQ_OP_FREE",
    "AMDGPU_VMHUB_IDX_MASK",
    "AMDGPU_VMHUB_TYPE_GFX",
    "AMDGPU_VMHUB_TYPE_MASK",
    "AMDGPU_VMHUB_TYPE_MM0",
    "AMDGPU_VMHUB_TYPE_MM1",
    "AMDGPU_VRAM_TYPE_HBM3E",
    "AMDGPU_VRAM_TYPE_HBM4",
    "DRM_IOCTL_AMDGPU_GEM_LIST_HANDLES",
    "DRM_IOCTL_AMDGPU_PROC_OPTIONS",
    "DRM_IOCTL_AMDGPU_USERQ",
    "DRM_IOCTL_AMDGPU_USERQ_SIGNAL",
    "DRM_IOCTL_AMDGPU_USERQ_WAIT",
    "DRM_IOCTL_SET_CLIENT_NAME",
    "DRM_IOCTL_SYNCOBJ_EVENTFD",
    "DRM_SYNCOBJ_WAIT_FLAGS_WAIT_DEADLINE",
];

const ABSENT_IN_6_12: &[&str] = &[
    "AMDGPU_FAMILY_GC_11_5_4",
    "AMDGPU_GEM_LIST_HANDLES_FLAG_IS_IMPORT",
    "AMDGPU_GEM_OP_GET_MAPPING_INFO",
    "AMDGPU_IDS_FLAGS_GANG_SUBMIT",
    "AMDGPU_IDS_FLAGS_MODE_MASK",
    "AMDGPU_IDS_FLAGS_MODE_SHIFT",
    "AMDGPU_INFO_UQ_FW_AREAS",
    "AMDGPU_PROC_OPTIONS_KFD_SIGBUS_DELAY_DISABLED",
    "AMDGPU_PROC_OPTIONS_OP_KFD_SIGBUS_DELAY",
    "AMDGPU_USERQ_CREATE_FLAGS_QUEUE_PRIORITY_MASK",
    "AMDGPU_USERQ_CREATE_FLAGS_QUEUE_SECURE",
    "AMDGPU_USERQ_OP_CREATE",
    "AMDGPU_USERQ_OP_FREE",
    "AMDGPU_VRAM_TYPE_HBM3E",
    "AMDGPU_VRAM_TYPE_HBM4",
    "DRM_IOCTL_AMDGPU_GEM_LIST_HANDLES",
    "DRM_IOCTL_AMDGPU_PROC_OPTIONS",
    "DRM_IOCTL_AMDGPU_USERQ",
    "DRM_IOCTL_AMDGPU_USERQ_SIGNAL",
    "DRM_IOCTL_AMDGPU_USERQ_WAIT",
    "DRM_IOCTL_SET_CLIENT_NAME",
];

/// What the probe has to print: a key for each number.
fn expected(release: &str) -> BTreeMap<String, u64> {
    let mut numbers = BTreeMap::new();
    for layout in LAYOUTS.iter().flat_map(|list| list.iter()).filter(|layout| exists(layout, release)) {
        let shorter = SHORTER_TYPES.iter().find(|(name, of, ..)| (*name, *of) == (layout.c_type, release));
        let (size, missing) = shorter.map_or((layout.size, &[][..]), |(_, _, size, missing)| (*size, *missing));
        let prefix = format!("{}.{}", layout.c_type, layout.c_member);
        numbers.insert(format!("{prefix} sizeof"), size as u64);
        for field in layout.fields.iter().filter(|field| !missing.contains(&field.c_name) && !field.c_name.is_empty()) {
            numbers.insert(format!("{prefix} {} offset", field.c_name), field.offset as u64);
            numbers.insert(format!("{prefix} {} size", field.c_name), field.size as u64);
        }
    }
    let (_, absent) = ABSENT_NUMBERS.iter().find(|(of, _)| *of == release).unwrap();
    for (name, value) in names() {
        let other = OTHER_NUMBERS.iter().find(|(of, request, _)| (*of, *request) == (release, name));
        if !absent.contains(&name) {
            numbers.insert(name.to_owned(), other.map_or(value, |(_, _, value)| *value));
        }
    }
    numbers
}

fn exists(layout: &Layout, release: &str) -> bool {
    !ABSENT_TYPES.iter().any(|(name, releases)| *name == layout.c_type && releases.contains(&release))
}

/// Requests and constants.
fn names() -> impl Iterator<Item = (&'static str, u64)> {
    let requests = REQUESTS.iter().flat_map(|list| list.iter()).map(|&(name, value)| (name, u64::from(value)));
    requests.chain(CONSTANTS.iter().flat_map(|list| list.iter()).copied())
}

/// A C program that prints `key=number` lines.
fn probe(release: &str) -> String {
    let mut text =
        String::from("#include <stdio.h>\n#include <stddef.h>\n#include \"amdgpu_drm.h\"\nint main(void) {\n");
    let mut line = |key: &str, value: &str| {
        writeln!(text, "printf(\"{key}=%llu\\n\", (unsigned long long)({value}));").unwrap();
    };
    for layout in LAYOUTS.iter().flat_map(|list| list.iter()).filter(|layout| exists(layout, release)) {
        let Layout { c_type, c_member, fields, .. } = layout;
        let prefix = format!("{c_type}.{c_member}");
        let (whole, base, dot) = match *c_member {
            "" => (format!("sizeof({c_type})"), "0".to_owned(), ""),
            member => (format!("sizeof((({c_type} *)0)->{member})"), format!("offsetof({c_type}, {member})"), "."),
        };
        line(&format!("{prefix} sizeof"), &whole);
        let missing = SHORTER_TYPES.iter().find(|(name, of, ..)| (*name, *of) == (*c_type, release));
        let missing = missing.map_or(&[][..], |(_, _, _, missing)| *missing);
        for field in fields.iter().filter(|field| !missing.contains(&field.c_name) && !field.c_name.is_empty()) {
            let path = format!("{c_member}{dot}{}", field.c_name);
            line(&format!("{prefix} {} offset", field.c_name), &format!("offsetof({c_type}, {path}) - {base}"));
            line(&format!("{prefix} {} size", field.c_name), &format!("sizeof((({c_type} *)0)->{path})"));
        }
    }
    for (name, _) in names() {
        // The direction bit makes a request's value negative where it is an int.
        let value =
            if name.starts_with("DRM_IOCTL_") { format!("(unsigned)({name})") } else { format!("(long long)({name})") };
        writeln!(text, "#ifdef {name}\nprintf(\"{name}=%llu\\n\", (unsigned long long)({value}));\n#endif").unwrap();
    }
    text + "return 0;\n}\n"
}

fn headers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/uapi_header")
}

/// Compiles and runs the probe.
fn measured(release: &str) -> BTreeMap<String, u64> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("probe.c");
    let program = folder.path().join("probe");
    std::fs::write(&source, probe(release)).unwrap();
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let compiled = Command::new(&compiler)
        .args(["-D__user=", "-std=gnu11", "-Werror", "-o"])
        .arg(&program)
        .arg(&source)
        .arg("-I")
        .arg(headers().join(release))
        .arg("-I")
        .arg(headers().join("stub"))
        .output()
        .unwrap_or_else(|error| panic!("the C compiler {compiler} does not run ({error}); install one or set CC"));
    assert!(compiled.status.success(), "{release}: {}", String::from_utf8_lossy(&compiled.stderr));
    let printed = Command::new(&program).output().unwrap();
    assert!(printed.status.success());
    let text = String::from_utf8(printed.stdout).unwrap();
    text.lines()
        .map(|line| {
            let (key, value) = line.rsplit_once('=').unwrap();
            (key.to_owned(), value.parse().unwrap())
        })
        .collect()
}

fn compare(release: &str) {
    let expected = expected(release);
    let measured = measured(release);
    let wrong: Vec<_> = expected
        .keys()
        .chain(measured.keys())
        .filter(|key| expected.get(*key) != measured.get(*key))
        .map(|key| format!("{key}: ours {:?}, the header's {:?}", expected.get(key), measured.get(key)))
        .collect();
    assert!(wrong.is_empty(), "Linux {release}:\n{}", wrong.join("\n"));
    assert!(measured.len() > 600, "{release}: only {} numbers", measured.len());
}

#[test]
fn linux_7_3() {
    compare("7.3");
}

#[test]
fn linux_6_12() {
    compare("6.12");
}

#[test]
fn linux_6_1() {
    compare("6.1");
}
