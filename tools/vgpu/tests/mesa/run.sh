#!/bin/sh
# Mesa's RADV and rusticl on the software devices: Vulkan and OpenCL programs whose numbers the CPU checks.
#
#     run.sh [quick]
#
# Everything comes from packages of a Debian suite, which debootstrap puts into a folder of its own: it takes a minute and
# 1.3 GB, once. It must be root, for chroot and mounts, which are seen by this script's processes alone.
#
#     SPARKLE_MESA_SUITE   trixie by default
#     SPARKLE_MESA_ROOT    where the suite's folder goes; target/mesa by default
#     SPARKLE_MESA_MIRROR  http://deb.debian.org/debian by default
#     SPARKLE_VGPU         folder with sparkle-vgpu and libsparkle_vgpu.so; built if not given
#
# Exits with 0 if all numbers are right and nothing was reported, with 1 if not, with 2 if it can't be set up.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../../.." && pwd)
suite=${SPARKLE_MESA_SUITE:-trixie}
root=${SPARKLE_MESA_ROOT:-${CARGO_TARGET_DIR:-$top/target}/mesa}/$suite
mirror=${SPARKLE_MESA_MIRROR:-http://deb.debian.org/debian}
packages=mesa-vulkan-drivers,vulkan-tools,libvulkan-dev,glslang-tools,mesa-opencl-icd,ocl-icd-opencl-dev,clinfo,gcc,libc6-dev

if [ "$(id -u)" != 0 ]; then
    echo "run.sh must be root, for chroot" >&2
    exit 2
fi
if ! unshare --mount true; then
    echo "run.sh must be allowed to mount" >&2
    exit 2
fi
if [ -z "${SPARKLE_VGPU:-}" ]; then
    (cd "$top" && cargo build --release -p sparkle-vgpu -p sparkle-vgpu-shim)
    SPARKLE_VGPU=${CARGO_TARGET_DIR:-$top/target}/release
fi
if [ ! -e "$root/opt/sparkle/packages" ] || [ "$(cat "$root/opt/sparkle/packages")" != "$packages" ]; then
    command -v debootstrap > /dev/null || apt-get install -y debootstrap
    rm -rf --one-file-system "$root"
    mkdir -p "$root"
    debootstrap --variant=minbase --include=$packages "$suite" "$root" "$mirror" > "$root.log" 2>&1 || {
        tail -n 20 "$root.log" >&2
        exit 2
    }
    rm -rf "$root"/var/cache/apt/archives/*.deb
    mkdir -p "$root/opt/sparkle"
    echo $packages > "$root/opt/sparkle/packages"
fi

rm -rf "$root/opt/sparkle/src"
mkdir -p "$root/opt/sparkle/src"
cp -r "$here/vulkan" "$here/opencl" "$here/inside.sh" "$root/opt/sparkle/src/"
cp "$SPARKLE_VGPU/sparkle-vgpu" "$SPARKLE_VGPU/libsparkle_vgpu.so" "$root/opt/sparkle/"
chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' mesa-vulkan-drivers mesa-opencl-icd libdrm-amdgpu1
exec unshare --mount --propagation private sh -euc '
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount -t tmpfs tmpfs "$1/tmp"
    exec chroot "$1" sh /opt/sparkle/src/inside.sh "$2"
' sh "$root" "${1:-all}"
