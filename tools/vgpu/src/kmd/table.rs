//! Handles: small numbers from 1, the lowest free one first, reused at once.

use std::collections::BTreeMap;

/// What handles stand for. Source: Linux `lib/idr.c`, `idr_alloc` from 1.
#[derive(Debug)]
pub(crate) struct Handles<T> {
    by_handle: BTreeMap<u32, T>,
    first_free: u32,
}

impl<T> Default for Handles<T> {
    fn default() -> Self {
        Self { by_handle: BTreeMap::new(), first_free: 1 }
    }
}

impl<T> Handles<T> {
    /// Gives the lowest free handle.
    pub(crate) fn add(&mut self, value: T) -> u32 {
        let mut handle = self.first_free;
        while self.by_handle.contains_key(&handle) {
            handle = handle.wrapping_add(1).max(1);
        }
        self.by_handle.insert(handle, value);
        self.first_free = handle.wrapping_add(1).max(1);
        handle
    }

    pub(crate) fn get(&self, handle: u32) -> Option<&T> {
        self.by_handle.get(&handle)
    }

    pub(crate) fn get_mut(&mut self, handle: u32) -> Option<&mut T> {
        self.by_handle.get_mut(&handle)
    }

    pub(crate) fn remove(&mut self, handle: u32) -> Option<T> {
        let value = self.by_handle.remove(&handle)?;
        self.first_free = self.first_free.min(handle);
        Some(value)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_handle.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.by_handle.iter().map(|(handle, value)| (*handle, value))
    }
}
