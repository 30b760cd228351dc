#!/usr/bin/env bash
# Compiles the copy kernels for every gfx11 processor. Needs clang-19, lld-19 and llvm-strip-19.
set -euo pipefail
cd "$(dirname "$0")"
clang-19 -x cl -cl-std=CL2.0 -target amdgcn-amd-amdhsa -mcpu=gfx11-generic -mcode-object-version=6 -nogpulib -O2 \
    -Wl,-z,noseparate-code -Wl,-z,max-page-size=256 -Wl,--build-id=none copy.cl -o copy.co
llvm-strip-19 --strip-all copy.co
