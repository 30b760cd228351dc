#!/bin/sh
# Within the folder of a Debian suite: builds the programs and runs them on software devices of every kind.
#
#     inside.sh all|quick
#
# A line for each run; exits with 1 if any went wrong.
set -eu
here=/opt/sparkle
work=/tmp/mesa
mkdir -p $work/shaders
export MESA_SHADER_CACHE_DISABLE=true HOME=/tmp VK_LOADER_LAYERS_DISABLE='~all~' RUSTICL_ENABLE=radeonsi
icd=$(ls /usr/share/vulkan/icd.d/radeon_icd*.json | head -n 1)
export VK_DRIVER_FILES="$icd" VK_ICD_FILENAMES="$icd"
# All but the reading of registers of which no used bit is undefined, which compilers do.
sanitizers=uninit,wait,race,bounds,hazard,cache,fetch,descriptor

gcc -O1 -Wall -Wextra -o $work/vulkan $here/src/vulkan/compute.c $here/src/vulkan/device.c -lvulkan -lm
gcc -O1 -Wall -Wextra -o $work/opencl $here/src/opencl/compute.c -lOpenCL
for shader in $here/src/vulkan/shaders/*.comp; do
    name=$(basename "$shader" .comp)
    glslangValidator -V --target-env vulkan1.3 -o $work/shaders/"$name".spv "$shader" > $work/log || { cat $work/log; exit 2; }
done

failed=0

# verdict NAME OK: prints the line, and what was said if it is a bad one.
verdict() {
    if [ "$2" = 0 ]; then
        printf 'ok     %s\n' "$1"
    else
        printf 'FAILED %s\n' "$1"
        sed 's/^/       /' $work/log
        failed=1
    fi
}

# good NAME OPTIONS COMMAND...: the command ends with 0, and nobody complains.
good() {
    name=$1 options=$2
    shift 2
    # shellcheck disable=SC2086
    timeout 300 $here/sparkle-vgpu run $options -- "$@" > $work/log 2>&1 && code=0 || code=$?
    [ $code = 0 ] && ! grep -q '^sparkle-vgpu: ' $work/log && code=0 || code=1
    verdict "$name" $code
}

# told NAME RULE OPTIONS COMMAND...: a report names the rule.
told() {
    name=$1 rule=$2 options=$3
    shift 3
    # shellcheck disable=SC2086
    timeout 300 $here/sparkle-vgpu run $options -- "$@" > $work/log 2>&1 || true
    grep -q "\[$rule\]" $work/log && code=0 || code=1
    verdict "$name is told of ($rule)" $code
}

# cl NAME OPTIONS: rusticl frees little when its process ends, which is no concern here.
cl() {
    # shellcheck disable=SC2086
    timeout 300 $here/sparkle-vgpu run $2 -- $work/opencl > $work/log 2>&1 && code=0 || code=$?
    [ $code = 0 ] || [ $code = 5 ] || { verdict "$1" 1; return; }
    grep '^sparkle-vgpu: ' $work/log | grep -qv 'sparkle-vgpu: Leak:' && code=1 || code=0
    verdict "$1" $code
}

case $1 in
quick) machines='gfx1100:6.12 gfx1102:6.1 gfx1103:7.3' ;;
*) machines='gfx1100:6.1 gfx1100:6.12 gfx1100:7.3 gfx1101:6.1 gfx1101:6.12 gfx1101:7.3 gfx1102:6.1 gfx1102:6.12
    gfx1102:7.3 gfx1103:6.1 gfx1103:6.12 gfx1103:7.3 gfx1150:6.12 gfx1150:7.3 gfx1151:6.12 gfx1151:7.3' ;;
esac

for machine in $machines; do
    gpu=${machine%:*} kernel=${machine#*:}
    options="--gpu $gpu --kernel $kernel"
    if $here/sparkle-vgpu run $options -- vulkaninfo --summary 2>&1 | grep -q 'this driver is only compatible with'; then
        printf 'skip   %s, kernel %s: this Mesa takes newer kernels alone\n' "$gpu" "$kernel"
        continue
    fi
    good "$gpu, kernel $kernel: vulkaninfo --summary" "$options" vulkaninfo --summary
    grep deviceName $work/log || { echo "FAILED it lists no device"; failed=1; }
    for family in 0 1; do
        good "$gpu, kernel $kernel: Vulkan, queue family $family" "$options" $work/vulkan $work/shaders -f $family
    done
    cl "$gpu, kernel $kernel: OpenCL by rusticl" "$options"
done

for family in 0 1; do
    good "gfx1100: Vulkan under sanitizers, queue family $family" "--sanitize $sanitizers" $work/vulkan $work/shaders -f $family
done
good "gfx1100: Vulkan under sanitizers, waves of 32 lanes" "--sanitize $sanitizers" \
    env RADV_PERFTEST=cswave32 $work/vulkan $work/shaders
good "gfx1100: Vulkan, copies on a transfer queue" "" env RADV_PERFTEST=transfer_queue $work/vulkan $work/shaders -f 2
good "gfx1100: Vulkan with code by LLVM" "" env RADV_DEBUG=llvm $work/vulkan $work/shaders
cl "gfx1100: OpenCL under sanitizers" "--sanitize $sanitizers"
good "gfx1100: Vulkan by seccomp" "--via seccomp" $work/vulkan $work/shaders
cl "gfx1100: OpenCL by seccomp" "--via seccomp"
good "gfx1100, two devices: Vulkan in three processes at once" "--count 2" \
    sh -c "$work/vulkan $work/shaders & a=\$!; $work/vulkan $work/shaders -f 1 & b=\$!; $work/vulkan $work/shaders && wait \$a && wait \$b"
told "a race in LDS" race-lds "--sanitize $sanitizers" $work/vulkan $work/shaders seed-race
told "a missing barrier between dispatches" cp-order "--sanitize $sanitizers" $work/vulkan $work/shaders seed-order
told "state that RADV leaves unset, on a strict device," cp-stale-state "--strict" $work/vulkan $work/shaders add
exit $failed
