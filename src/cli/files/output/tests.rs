#![allow(clippy::unwrap_used)] // a panic is how a test fails

use super::*;
use std::os::unix::fs::symlink;
use tempfile::TempDir;

fn write(path: &Path, content: &[u8]) {
    let mut file = AtomicFile::create(path).unwrap();
    file.write_all(content).unwrap();
    file.commit().unwrap();
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_at_commit_and_is_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("y.npy");
    for content in [b"first", b"later"] {
        let before = fs::read(&path).ok();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(content).unwrap();
        assert_eq!(fs::read(&path).ok(), before);
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), content);
        assert_eq!(names(&folder), ["y.npy"]);
    }
}

#[test]
fn an_abandoned_file_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = AtomicFile::create(&folder.path().join("y.npy")).unwrap();
    file.write_all(b"half").unwrap();
    drop(file);
    assert!(names(&folder).is_empty());
}

#[test]
fn the_fallback_with_a_name_does_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("y.npy");
    let mut file = AtomicFile { target, content: Content::Named(open_named(folder.path()).unwrap()) };
    file.write_all(b"whole").unwrap();
    file.commit().unwrap();
    assert_eq!(names(&folder), ["y.npy"]);
    drop(open_named(folder.path()).unwrap());
    assert_eq!(names(&folder), ["y.npy"]);
}

#[test]
fn permissions_are_the_replaced_files_or_what_any_new_file_gets() {
    let folder = tempfile::tempdir().unwrap();
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    File::create(folder.path().join("usual")).unwrap();
    write(&folder.path().join("new"), b"");
    assert_eq!(mode("new"), mode("usual"));
    fs::set_permissions(folder.path().join("new"), Permissions::from_mode(0o640)).unwrap();
    write(&folder.path().join("new"), b"again");
    assert_eq!(mode("new"), 0o640);
}

#[test]
fn symbolic_links_stay() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    symlink("sub/hop", folder.path().join("link")).unwrap();
    symlink("target", folder.path().join("sub/hop")).unwrap();
    for content in [b"through", b"another"] {
        write(&folder.path().join("link"), content);
        assert_eq!(fs::read(folder.path().join("sub/target")).unwrap(), content);
        assert_eq!(names(&folder), ["link", "sub"]);
    }
    symlink("loop", folder.path().join("loop")).unwrap();
    assert!(AtomicFile::create(&folder.path().join("loop")).is_err());
}

#[test]
fn devices_and_descriptors_are_written_straight() {
    write(Path::new("/dev/null"), b"gone");
    let mut full = AtomicFile::create(Path::new("/dev/full")).unwrap();
    let error = full.write_all(b"no room").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);

    let folder = tempfile::tempdir().unwrap();
    let mut behind = File::create(folder.path().join("log")).unwrap();
    behind.write_all(b"before ").unwrap();
    write(&PathBuf::from(format!("/dev/fd/{}", behind.as_raw_fd())), b"after");
    assert_eq!(fs::read(folder.path().join("log")).unwrap(), b"before after");
}

#[test]
fn folders_are_named_in_errors() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let message = AtomicFile::create(&missing.join("y.npy")).unwrap_err().to_string();
    assert!(message.contains(&format!("there is no folder {}", missing.display())), "{message}");
    for path in [folder.path(), Path::new("/"), Path::new("..")] {
        assert!(matches!(AtomicFile::create(path), Err(FileError::IsFolder { .. })), "{}", path.display());
    }
}
