//! Finding devices in folders like `/dev/dri` and `/sys/class/drm`.

use crate::fake::Fake;
use sparkle::amdgpu::{Device, Errno, Error, Found, NoNodes, Unusable, discover_in, select_visible};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

struct Machine {
    root: tempfile::TempDir,
}

impl Machine {
    /// A node per driver name, from renderD128 on, at PCI addresses 0000:00:00.0, 0000:01:00.0 and so on.
    fn new(drivers: &[&str]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let (dev, sys) = (root.path().join("dev"), root.path().join("sys"));
        fs::create_dir_all(&dev).unwrap();
        fs::write(dev.join("card0"), "").unwrap();
        fs::write(dev.join("renderDx"), "").unwrap();
        for (index, driver) in drivers.iter().enumerate() {
            let name = format!("renderD{}", 128 + index);
            fs::write(dev.join(&name), "").unwrap();
            let device = root.path().join(format!("pci/0000:0{index}:00.0"));
            let driver = root.path().join("drivers").join(driver);
            for folder in [&device, &driver, &sys.join(&name)] {
                fs::create_dir_all(folder).unwrap();
            }
            symlink(&driver, device.join("driver")).unwrap();
            symlink(&device, sys.join(&name).join("device")).unwrap();
        }
        Self { root }
    }

    fn dev(&self) -> std::path::PathBuf {
        self.root.path().join("dev")
    }

    fn find(&self, open: &dyn Fn(&Path) -> Result<Arc<Device>, Error>) -> Vec<Found> {
        discover_in(&self.dev(), &self.root.path().join("sys"), open).unwrap()
    }
}

fn number(path: &Path) -> u32 {
    path.to_str().unwrap().rsplit_once('D').unwrap().1.parse().unwrap()
}

#[test]
fn discrete_devices_come_before_integrated_ones() {
    let machine = Machine::new(&["amdgpu", "i915", "amdgpu", "amdgpu"]);
    let found = machine.find(&|path| {
        let fake = Fake::new();
        fake.state().integrated = number(path) == 128;
        Device::new(Box::new(fake), path.to_str().unwrap())
    });
    let order: Vec<u32> = found.iter().map(|found| number(&found.node)).collect();
    assert_eq!(order, [130, 131, 129, 128]);
    assert_eq!(found[0].pci.as_deref(), Some("0000:02:00.0"));
    assert_eq!(found[2].device.as_ref().unwrap_err(), &Unusable::OtherDriver { driver: "i915".into() });
    assert!(found[3].device.as_ref().unwrap().info().integrated);
    let addresses: Vec<Option<&str>> = found.iter().map(|found| found.pci.as_deref()).collect();
    assert_eq!(select_visible(Some("pci:0000:00:00.0,0"), &addresses).unwrap(), [3, 0]);
}

#[test]
fn another_drivers_node_is_not_opened() {
    let machine = Machine::new(&["nouveau"]);
    let found = machine.find(&|path| panic!("opened {}", path.display()));
    assert_eq!(
        found[0].device.as_ref().unwrap_err().to_string(),
        "it belongs to the driver nouveau; only amdgpu is supported"
    );
}

#[test]
fn without_sysfs_the_nodes_themselves_are_asked() {
    let machine = Machine::new(&["amdgpu"]);
    let open = |path: &Path| Device::new(Box::new(Fake::new()), path.to_str().unwrap());
    let found = discover_in(&machine.dev(), Path::new("/nonexistent"), &open).unwrap();
    assert_eq!((found.len(), found[0].pci.as_deref()), (1, None));
    assert!(found[0].device.is_ok());
}

/// The real way to open, on files that are no devices.
#[test]
fn files_that_are_no_devices_are_unusable() {
    let machine = Machine::new(&["amdgpu"]);
    let found = machine.find(&Device::open);
    assert!(matches!(found[0].device, Err(Unusable::Call { errno: Errno::ENOTTY, .. })), "{found:?}");
}

#[test]
fn a_node_without_permission_names_its_group() {
    let machine = Machine::new(&["amdgpu"]);
    let node = machine.dev().join("renderD128");
    fs::set_permissions(&node, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&node).is_ok() {
        // Root opens everything; `Unusable`'s own tests cover the reason.
        return;
    }
    let found = machine.find(&Device::open);
    let Err(Unusable::Permission { group, mode: 0 }) = &found[0].device else { panic!("{found:?}") };
    assert!(!group.is_empty());
}

#[test]
fn nothing_to_look_at_says_so() {
    let open = |_: &Path| -> Result<Arc<Device>, Error> { unreachable!() };
    let nowhere = Path::new("/nonexistent/dri");
    let error = discover_in(nowhere, nowhere, &open).unwrap_err();
    assert!(error.to_string().contains("there is no /nonexistent/dri"), "{error}");
    let empty = Machine::new(&[]);
    assert!(matches!(discover_in(&empty.dev(), nowhere, &open), Err(NoNodes::Empty(_))));
}
