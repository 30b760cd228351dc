#!/usr/bin/env bash
# Assembles conv3x3.s to the code object conv3x3.co. Needs clang-19 and llvm-strip-19; the linker is the one that comes
# with rustc.
set -euo pipefail
cd "$(dirname "$0")"

lld="$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/rust-lld"
work="$(mktemp -d)"
trap 'rm -r "$work"' EXIT

clang-19 -target amdgcn-amd-amdhsa -mcpu=gfx1100 -mcode-object-version=5 -c conv3x3.s -o "$work/kernel.o"
"$lld" -flavor gnu -shared --no-undefined --build-id=none --hash-style=gnu -z noseparate-code -z max-page-size=256 \
    -z common-page-size=256 "$work/kernel.o" -o conv3x3.co
llvm-strip-19 --strip-all conv3x3.co
