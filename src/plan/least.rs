//! The few best of many, without an allocation.

/// Up to `N` items with the least keys so far, the least first; equals stay in the order in which they came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Least<T, const N: usize>([Option<(f64, T)>; N]);

impl<T: Copy, const N: usize> Least<T, N> {
    pub(super) const fn new() -> Self {
        Self([None; N])
    }

    /// What the key of another item must stay under to be kept.
    pub(super) fn limit(&self) -> f64 {
        self.0.last().copied().flatten().map_or(f64::INFINITY, |(key, _)| key)
    }

    /// Keeps `item` if it is among the least.
    pub(super) fn add(&mut self, key: f64, item: T) {
        if let Some(at) = self.0.iter().position(|place| place.is_none_or(|(other, _)| key < other)) {
            self.0[at..].rotate_right(1);
            self.0[at] = Some((key, item));
        }
    }

    /// The items with their keys, the least first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (f64, T)> {
        self.0.iter().copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_a_stable_sort_would_have_it() {
        let keys = [5.0, 3.0, 5.0, 1.0, 3.0, 7.0, 3.0, 1.0];
        for count in 0..=keys.len() {
            let mut least = Least::<usize, 3>::new();
            keys[..count].iter().enumerate().for_each(|(item, key)| least.add(*key, item));
            let mut sorted: Vec<_> = keys[..count].iter().copied().zip(0..).collect();
            sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert_eq!(least.limit(), sorted.get(2).map_or(f64::INFINITY, |(key, _)| *key));
            sorted.truncate(3);
            assert_eq!(least.iter().collect::<Vec<_>>(), sorted);
        }
    }
}
