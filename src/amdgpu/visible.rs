//! `SPARKLE_VISIBLE_DEVICES`: which GPUs a process sees, and in which order. Pure: the caller reads the environment.

/// Name of the variable.
pub const VISIBLE_DEVICES: &str = "SPARKLE_VISIBLE_DEVICES";

/// Why the variable's value can't be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{VISIBLE_DEVICES} names {name:?}, which is no GPU of this machine; {known}")]
pub struct UnknownDevice {
    /// What it names.
    pub name: String,
    /// What it could name.
    pub known: String,
}

/// Indices into `addresses`, in the order that `list` says: numbers from 0, or `pci:` with an address; a GPU that is
/// named twice counts once. Without a list all of them; an empty list is none.
///
/// `addresses` are the PCI addresses of the GPUs in their own order, discrete ones first, where they have one.
///
/// # Errors
/// [`UnknownDevice`] for a name that is none of them.
pub fn select_visible(list: Option<&str>, addresses: &[Option<&str>]) -> Result<Vec<usize>, UnknownDevice> {
    let Some(list) = list else { return Ok((0..addresses.len()).collect()) };
    let mut chosen = Vec::new();
    if list.trim().is_empty() {
        return Ok(chosen);
    }
    for name in list.split(',').map(str::trim) {
        let found = match name.strip_prefix("pci:") {
            Some(pci) => addresses.iter().position(|address| address.is_some_and(|at| at.eq_ignore_ascii_case(pci))),
            None => number(name).filter(|index| *index < addresses.len()),
        };
        let Some(index) = found else {
            return Err(UnknownDevice { name: name.to_owned(), known: known(addresses) });
        };
        if !chosen.contains(&index) {
            chosen.push(index);
        }
    }
    Ok(chosen)
}

/// Digits alone: no sign.
fn number(name: &str) -> Option<usize> {
    name.bytes().all(|byte| byte.is_ascii_digit()).then(|| name.parse().ok()).flatten()
}

fn known(addresses: &[Option<&str>]) -> String {
    if addresses.is_empty() {
        return "there is none, so unset the variable".to_owned();
    }
    let names = addresses.iter().enumerate().map(|(index, address)| match address {
        Some(address) => format!("{index} or pci:{address}"),
        None => index.to_string(),
    });
    format!("name one of: {}", names.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const THREE: &[Option<&str>] = &[Some("0000:03:00.0"), None, Some("0000:c3:00.0")];

    #[test]
    fn lists_limit_and_order() {
        assert_eq!(select_visible(None, THREE), Ok(vec![0, 1, 2]));
        assert_eq!(select_visible(Some("2,pci:0000:03:00.0,2"), THREE), Ok(vec![2, 0]));
        assert_eq!(select_visible(Some(" 1 , pci:0000:C3:00.0 "), THREE), Ok(vec![1, 2]));
        assert_eq!(select_visible(Some("  "), THREE), Ok(vec![]));
        assert_eq!(select_visible(Some(""), &[]), Ok(vec![]));
    }

    #[test]
    fn unknown_names_are_refused_with_the_known_ones() {
        for name in ["3", "pci:0000:09:00.0", "x", "0,,1", "-1", "+1", "pci:", "0,", "99999999999999999999"] {
            assert!(select_visible(Some(name), THREE).is_err(), "{name}");
        }
        let error = select_visible(Some("7"), THREE).map_err(|error| error.to_string());
        let text = "SPARKLE_VISIBLE_DEVICES names \"7\", which is no GPU of this machine; \
                    name one of: 0 or pci:0000:03:00.0, 1, 2 or pci:0000:c3:00.0";
        assert_eq!(error, Err(text.to_owned()));
        assert!(select_visible(Some("0"), &[]).is_err_and(|error| error.to_string().contains("unset the variable")));
    }

    proptest! {
        #[test]
        fn any_text_gives_known_indices_once_each_or_an_error(text in "[0-9a-z:,. ]{0,40}") {
            if let Ok(mut chosen) = select_visible(Some(&text), THREE) {
                prop_assert!(chosen.iter().all(|index| *index < 3));
                let count = chosen.len();
                chosen.sort_unstable();
                chosen.dedup();
                prop_assert_eq!(chosen.len(), count);
            }
        }
    }
}
