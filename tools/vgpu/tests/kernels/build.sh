#!/usr/bin/env bash
# Compiles the kernels to the code objects in objects/. Needs clang-19, llvm-strip-19 and llvm-objcopy-19; the linker is
# the one that comes with rustc.
set -euo pipefail
cd "$(dirname "$0")"

lld="$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld"
work="$(mktemp -d)"
trap 'rm -r "$work"' EXIT

# object SOURCE VARIANT FLAGS...: writes objects/SOURCE.VARIANT.co. Products and sums are contracted only where the
# source says fma, so that the tests know every rounding. The metadata is left out: the descriptors say how to launch.
object() {
    local source=$1 variant=$2
    shift 2
    clang-19 -x cl -cl-std=CL2.0 -Xclang -finclude-default-header -target amdgcn-amd-amdhsa -mcpu=gfx1100 -nogpulib \
        -O2 -ffp-contract=off -cl-fp32-correctly-rounded-divide-sqrt -mcode-object-version=5 -Wall -Wextra \
        -Wno-unused-parameter -Wno-sometimes-uninitialized "$@" -c "$source.cl" -o "$work/kernel.o"
    llvm-objcopy-19 --remove-section=.note --remove-section=.comment --remove-section=.AMDGPU.csdata "$work/kernel.o"
    "$lld" -flavor gnu -shared --no-undefined --build-id=none --hash-style=gnu -z noseparate-code -z max-page-size=256 \
        -z common-page-size=256 "$work/kernel.o" -o "objects/$source.$variant.co"
    llvm-strip-19 --strip-all "objects/$source.$variant.co"
}

mkdir -p objects
rm -f objects/*.co
for source in math integer packed matrix cross lds atomics memory control grid conv; do
    object "$source" w32 -mcumode
    object "$source" w64 -mwavefrontsize64
done
# The fences of WGP mode invalidate caches where those of CU mode don't.
object lds w32wgp
object atomics w64cu -mwavefrontsize64 -mcumode
object grid w32wgp
# Everything in scratch, and nothing inlined.
object control w32o0 -mcumode -O0
object control w64o0 -mwavefrontsize64 -O0
