//! The GPUs that commands see: what the driver layer finds, limited and ordered by `SPARKLE_VISIBLE_DEVICES`.

use crate::amdgpu::{self, Found, NoNodes, Unusable, VISIBLE_DEVICES, select_visible};
use crate::cli::failure::Failure;

/// What was found.
#[derive(Debug)]
pub(in crate::cli) struct Gpus {
    /// Nodes of amdgpu, usable or not, as numbers count them.
    pub(in crate::cli) visible: Vec<Found>,
    /// Nodes of other drivers.
    pub(in crate::cli) others: Vec<Found>,
    /// Why there is none, if there is none.
    pub(in crate::cli) absence: Option<String>,
}

impl Gpus {
    /// Looks at this machine.
    ///
    /// # Errors
    /// [`Failure::Input`] where the variable names a GPU that isn't there.
    pub(in crate::cli) fn discover() -> Result<Self, Failure> {
        let list = std::env::var_os(VISIBLE_DEVICES).map(|list| list.to_string_lossy().into_owned());
        Self::select(amdgpu::discover(), list.as_deref())
    }

    fn select(found: Result<Vec<Found>, NoNodes>, list: Option<&str>) -> Result<Self, Failure> {
        let foreign = |found: &Found| matches!(found.device, Err(Unusable::OtherDriver { .. }));
        let (found, missing) = match found {
            Ok(found) => (found, None),
            Err(reason) => (Vec::new(), Some(reason.to_string())),
        };
        let (others, all): (Vec<_>, Vec<_>) = found.into_iter().partition(foreign);
        let addresses: Vec<Option<&str>> = all.iter().map(|found| found.pci.as_deref()).collect();
        let chosen = select_visible(list, &addresses).map_err(Failure::input)?;
        let visible: Vec<Found> = chosen.into_iter().filter_map(|index| all.get(index).cloned()).collect();
        let absence = match (visible.is_empty(), list, missing) {
            (false, _, _) => None,
            (true, Some(_), _) => Some(format!("{VISIBLE_DEVICES} is empty, which hides every GPU")),
            (true, None, Some(missing)) => Some(missing),
            (true, None, None) => {
                let reasons = others.iter().filter_map(|found| {
                    found.device.as_ref().err().map(|reason| format!("{}: {reason}", found.node.display()))
                });
                Some(reasons.collect::<Vec<_>>().join("; "))
            }
        };
        Ok(Self { visible, others, absence })
    }

    /// GPU `index`, or the first one.
    ///
    /// # Errors
    /// Why there is no such GPU.
    pub(in crate::cli) fn get(&self, index: Option<usize>) -> Result<&Found, String> {
        match (self.visible.get(index.unwrap_or(0)), &self.absence) {
            (Some(found), _) => Ok(found),
            (None, Some(absence)) => Err(absence.clone()),
            (None, None) => {
                let count = self.visible.len();
                Err(format!("there is no GPU number {}, the {count} visible ones count from 0", index.unwrap_or(0)))
            }
        }
    }

    /// Why GPU `index`, or the first one, can't convolve.
    pub(in crate::cli) fn obstacle(&self, index: Option<usize>) -> String {
        match self.get(index) {
            Err(reason) => reason,
            Ok(Found { node, device: Err(reason), .. }) => format!("{}: {reason}", node.display()),
            Ok(Found { node, device: Ok(device), .. }) => format!(
                "{}: {} is usable, and convolution on GPUs is not built into this version",
                node.display(),
                device.info().chip
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a panic is how a test fails

    use super::*;
    use std::path::PathBuf;

    /// Nodes of these drivers, at PCI addresses that count up; amdgpu's can't be opened.
    fn machine(drivers: &[&str]) -> Result<Vec<Found>, NoNodes> {
        let found = drivers.iter().enumerate().map(|(index, driver)| Found {
            node: format!("/dev/dri/renderD{}", 128 + index).into(),
            pci: Some(format!("0000:0{index}:00.0")),
            device: Err(match *driver {
                "amdgpu" => Unusable::Permission { group: "render".to_owned(), mode: 0o660 },
                other => Unusable::OtherDriver { driver: other.to_owned() },
            }),
        });
        Ok(found.collect())
    }

    #[test]
    fn a_missing_folder_an_empty_folder_and_another_driver_have_their_reasons() {
        let reason = |found| Gpus::select(found, None).unwrap().obstacle(None);
        assert!(reason(Err(NoNodes::NoFolder(PathBuf::from("/dev/dri")))).contains("there is no /dev/dri"));
        assert!(reason(Err(NoNodes::Empty(PathBuf::from("/dev/dri")))).contains("no render node"));
        let foreign = reason(machine(&["nouveau", "i915"]));
        assert!(foreign.contains("renderD128: it belongs to the driver nouveau"), "{foreign}");
        assert!(foreign.contains("renderD129: it belongs to the driver i915"), "{foreign}");
    }

    #[test]
    fn numbers_count_amdgpu_nodes_alone() {
        let gpus = Gpus::select(machine(&["i915", "amdgpu"]), None).unwrap();
        assert_eq!((gpus.visible.len(), gpus.others.len(), &gpus.absence), (1, 1, &None));
        assert_eq!(gpus.get(None).unwrap().pci.as_deref(), Some("0000:01:00.0"));
        assert!(gpus.obstacle(Some(0)).contains("usermod -aG render"));
        assert!(gpus.obstacle(Some(4)).contains("no GPU number 4"));
    }

    #[test]
    fn the_variable_limits_orders_and_refuses_unknown_names() {
        let three = || machine(&["amdgpu", "amdgpu", "amdgpu"]);
        let gpus = Gpus::select(three(), Some("2,pci:0000:00:00.0,2")).unwrap();
        let order: Vec<_> = gpus.visible.iter().filter_map(|gpu| gpu.pci.as_deref()).collect();
        assert_eq!(order, ["0000:02:00.0", "0000:00:00.0"]);
        let hidden = Gpus::select(three(), Some("")).unwrap();
        assert!(hidden.visible.is_empty() && hidden.obstacle(None).contains("is empty"));
        for unknown in ["3", "pci:0000:09:00.0", "x", "0,,1", "-1"] {
            assert!(matches!(Gpus::select(three(), Some(unknown)), Err(Failure::Input(_))), "{unknown}");
        }
        assert!(matches!(Gpus::select(machine(&[]), Some("0")), Err(Failure::Input(_))));
    }
}
