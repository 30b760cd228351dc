#version 460
layout(local_size_x = 256) in;
layout(set = 0, binding = 0) readonly buffer In { uint data[]; };
layout(set = 0, binding = 1) writeonly buffer Out { uint sums[]; };
layout(push_constant) uniform Push { uint count; };

shared uint part[256];

void main() {
    uint lane = gl_LocalInvocationID.x;
    part[lane] = gl_GlobalInvocationID.x < count ? data[gl_GlobalInvocationID.x] : 0u;
    barrier();
    for (uint step = 128; step > 0; step >>= 1) {
        if (lane < step) {
            part[lane] += part[lane + step];
        }
        barrier();
    }
    if (lane == 0) {
        sums[gl_WorkGroupID.x] = part[0];
    }
}
