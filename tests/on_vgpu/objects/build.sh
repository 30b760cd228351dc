#!/usr/bin/env bash
# Compiles launch.cl with its metadata. Needs clang-19 and lld-19.
set -euo pipefail
cd "$(dirname "$0")"
object() {
    local out=$1 processor=$2 version=$3
    shift 3
    clang-19 -x cl -cl-std=CL2.0 -Xclang -finclude-default-header -target amdgcn-amd-amdhsa -mcpu="$processor" \
        -mcode-object-version="$version" -nogpulib -O2 -Wl,-z,noseparate-code -Wl,-z,max-page-size=256 \
        -Wl,--build-id=none "$@" launch.cl -o "$out.co"
    llvm-strip-19 --strip-all "$out.co"
}
object gfx1100.w32 gfx1100 5
object gfx1100.w64 gfx1100 5 -mwavefrontsize64
object gfx1100.v4 gfx1100 4
object gfx1102.w32 gfx1102 5
object gfx1103.w32 gfx1103 5
object generic.w32 gfx11-generic 6
object generic.w64 gfx11-generic 6 -mwavefrontsize64
# Asks for everything that a runtime may provide, and uses none of it.
object gfx1100.o0 gfx1100 5 -O0
