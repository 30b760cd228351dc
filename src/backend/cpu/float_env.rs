//! The float environment that the exact maths asks for: round to nearest even, denormals kept, exceptions masked.
#![allow(unsafe_code)]

/// Sets the default environment; drop restores the caller's.
pub(super) struct FloatEnv {
    saved: Control,
}

#[cfg(target_arch = "x86_64")]
type Control = u32;
#[cfg(target_arch = "aarch64")]
type Control = u64;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Control = ();

/// MXCSR after reset: all exceptions masked, nearest even, no flush to zero, no denormals as zero.
/// Source: AMD64 Architecture Programmer's Manual volume 1, "MXCSR Register".
#[cfg(target_arch = "x86_64")]
const DEFAULT: Control = 0x1F80;
/// FPCR with every field clear: nearest even, no flush to zero. Source: Arm ARM, "FPCR".
#[cfg(target_arch = "aarch64")]
const DEFAULT: Control = 0;

impl FloatEnv {
    /// Saves this thread's environment and sets the default one.
    pub(super) fn set_default() -> Self {
        let saved = read();
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        write(DEFAULT);
        Self { saved }
    }
}

impl Drop for FloatEnv {
    fn drop(&mut self) {
        write(self.saved);
    }
}

#[cfg(target_arch = "x86_64")]
fn read() -> Control {
    let mut value: Control = 0;
    // SAFETY: stores the 32-bit MXCSR to `value`, which the pointer covers; SSE is part of x86-64.
    unsafe { core::arch::asm!("stmxcsr [{}]", in(reg) &raw mut value, options(nostack, preserves_flags)) };
    value
}

#[cfg(target_arch = "x86_64")]
fn write(value: Control) {
    // SAFETY: loads MXCSR from `value`: either the default or what `read` returned, so no reserved bit is set. Rust
    // assumes the default environment; the one moment when it may be another is after the restoring drop, where the
    // caller had it so before.
    unsafe { core::arch::asm!("ldmxcsr [{}]", in(reg) &raw const value, options(nostack, preserves_flags)) };
}

#[cfg(target_arch = "aarch64")]
fn read() -> Control {
    let value: Control;
    // SAFETY: reading FPCR has no side effect and is allowed at EL0.
    unsafe { core::arch::asm!("mrs {}, fpcr", out(reg) value, options(nomem, nostack, preserves_flags)) };
    value
}

#[cfg(target_arch = "aarch64")]
fn write(value: Control) {
    // SAFETY: FPCR is writable at EL0; `value` is the default or what `read` returned.
    unsafe { core::arch::asm!("msr fpcr, {}", in(reg) value, options(nomem, nostack, preserves_flags)) };
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn read() -> Control {}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn write(_value: Control) {}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn restores_the_callers_environment() {
        let before = read();
        let flush_to_zero = before | 1 << 15;
        write(flush_to_zero);
        let inside = {
            let _env = FloatEnv::set_default();
            read()
        };
        let after = read();
        write(before);
        assert_eq!((inside, after & 1 << 15), (DEFAULT, 1 << 15));
    }
}
