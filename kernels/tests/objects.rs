//! The table, the code objects, the manifest and the sources say the same.
#![allow(clippy::unwrap_used)]

use object::read::elf::ElfFile64;
use object::{Object, ObjectSection, ObjectSymbol};
use sparkle_kernels::{Kernel, PROBES};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Dword `index` of a kernel's descriptor.
fn descriptor(kernel: &Kernel) -> Vec<u32> {
    let elf = ElfFile64::<object::LittleEndian>::parse(kernel.object).unwrap();
    let name = format!("{}.kd", kernel.name);
    let symbol = elf.dynamic_symbols().find(|symbol| symbol.name() == Ok(&name)).unwrap();
    let section = elf.section_by_index(symbol.section_index().unwrap()).unwrap();
    let start = usize::try_from(symbol.address() - section.address()).unwrap();
    let bytes = &section.data().unwrap()[start..start + 64];
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
}

/// Fields by their places in LLVM `docs/AMDGPUUsage.rst`, "Kernel Descriptor".
#[test]
fn rows_say_what_descriptors_say() {
    for kernel in PROBES {
        let words = descriptor(kernel);
        let name = kernel.name;
        assert_eq!((words[0], words[2]), (kernel.lds_bytes, kernel.kernarg_bytes), "{name}");
        assert_eq!(words[1], 0, "{name} needs no scratch");
        assert_eq!([words[12], words[13], words[11]], kernel.rsrc, "{name}");
        let wave32 = words[14] >> 10 & 1;
        assert_eq!(wave32 == 1, kernel.lanes == 32, "{name}");
        assert_eq!(words[14] & 0x3ff, 1 << 3, "{name} asks for the kernarg pointer and nothing else");
        // USER_SGPR in 5:1 and TGID_X in 7: at least 16 initialised SGPRs.
        assert_eq!((words[13] >> 1 & 0x1f, words[13] >> 7 & 7), (15, 1), "{name}");
    }
}

#[test]
fn code_is_the_entry_and_has_padding_behind_its_end() {
    for kernel in PROBES {
        let elf = ElfFile64::<object::LittleEndian>::parse(kernel.object).unwrap();
        // EF_AMDGPU_MACH_AMDGCN_GFX11_GENERIC, generic version 1.
        assert_eq!(elf.elf_header().e_flags.get(object::LittleEndian), 0x0100_0054, "{}", kernel.name);
        let text = elf.section_by_name(".text").unwrap();
        assert_eq!(text.data().unwrap(), kernel.code, "{}", kernel.name);
        let symbol = elf.dynamic_symbols().find(|symbol| symbol.name() == Ok(kernel.name)).unwrap();
        assert_eq!((symbol.address(), symbol.address() % 256), (text.address(), 0));
        let words: Vec<u32> =
            kernel.code.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect();
        let length = usize::try_from(symbol.size()).unwrap() / 4;
        let ends = if kernel.name == "probe_hang" { 0xbfa0_fffe } else { 0xbfb0_0000 };
        assert_eq!(words[length - 1], ends, "{}: s_endpgm, or the branch back", kernel.name);
        assert!(words.len() >= length + 96 && words[length..].iter().all(|word| *word == 0xbf9f_0000));
    }
}

/// The strings of the notes: each argument's and the kernel's names are there, packed as MessagePack has them.
#[test]
fn notes_name_the_kernel() {
    for kernel in PROBES {
        let elf = ElfFile64::<object::LittleEndian>::parse(kernel.object).unwrap();
        let note = elf.section_by_name(".note").unwrap().data().unwrap();
        let wanted = format!("{}.kd", kernel.name);
        assert!(note.windows(wanted.len()).any(|part| part == wanted.as_bytes()), "{wanted}");
    }
}

#[test]
fn every_source_has_its_row_its_object_and_its_line() {
    let stems = |folder: &str, extension: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(self::folder().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter_map(|name| Some(name.strip_suffix(extension)?.to_owned())).collect()
    };
    let rows: BTreeSet<String> = PROBES.iter().map(|kernel| kernel.name.to_owned()).collect();
    assert_eq!(stems("asm", ".s"), rows);
    assert_eq!(stems("blobs", ".co"), rows);
    let manifest = fs::read_to_string(folder().join("MANIFEST")).unwrap();
    let hashed: Vec<&str> = manifest.lines().filter(|line| !line.starts_with(' ')).collect();
    assert_eq!(hashed.len(), rows.len());
    for line in hashed {
        let (hash, file) = line.split_once("  ").unwrap();
        let output = Command::new("sha256sum").arg(folder().join("blobs").join(file)).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stdout).starts_with(hash), "{file} is not what the manifest says");
    }
}

/// Whether the assembler and the linker are there; where the continuous integration wants them, they have to be.
fn tools() -> bool {
    let runs = |program| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    let there = runs("llvm-mc-19") && runs("ld.lld-19");
    assert!(
        there || std::env::var_os("SPARKLE_REQUIRE_LLVM").is_none(),
        "llvm-mc-19 or ld.lld-19 does not run and SPARKLE_REQUIRE_LLVM is set: install llvm-19 and lld-19"
    );
    there
}

#[test]
#[allow(clippy::print_stderr)]
fn sources_assemble_to_the_committed_objects() {
    if !tools() {
        eprintln!("skipped: llvm-mc-19 and ld.lld-19 are not here (packages llvm-19 and lld-19)");
        return;
    }
    let made = tempfile::tempdir().unwrap();
    assert!(Command::new(folder().join("assemble")).arg(made.path()).status().unwrap().success());
    for kernel in PROBES {
        let file = format!("{}.co", kernel.name);
        let again = fs::read(made.path().join(&file)).unwrap();
        assert!(again == kernel.object, "blobs/{file} is not what asm/{}.s makes: run kernels/assemble", kernel.name);
    }
}
