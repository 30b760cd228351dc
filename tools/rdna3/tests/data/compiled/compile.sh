#!/bin/sh
# Makes the blobs: the .text section of kernels.cl for each chip, wave size and optimisation level, by clang 19.
set -eu
cd "$(dirname "$0")"
object=$(mktemp)
for chip in gfx1100 gfx1150; do for wave in 32 64; do for level in 0 1 3; do
    flags="-mno-wavefrontsize64"
    if [ "$wave" = 64 ]; then flags="-mwavefrontsize64 -DWAVE64"; fi
    # shellcheck disable=SC2086
    clang-19 -x cl -cl-std=CL2.0 -target amdgcn-amd-amdhsa -mcpu="$chip" $flags -nogpulib \
        -Xclang -finclude-default-header -O"$level" -c kernels.cl -o "$object"
    llvm-objcopy-19 -O binary --only-section=.text "$object" "$chip-wave$wave-O$level.bin"
done; done; done
rm -f "$object"
