//! stub
#![allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    Config,
    Sh,
    Context,
    Uconfig,
    Other,
}
impl Space {
    pub fn register(self, offset: u32) -> RegOffset {
        RegOffset(offset)
    }
}
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegOffset(u32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ComputeDispatchInitiator(pub u32);
