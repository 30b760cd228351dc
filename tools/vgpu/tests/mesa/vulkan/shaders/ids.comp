#version 460
layout(local_size_x = 4, local_size_y = 3, local_size_z = 2) in;
layout(set = 0, binding = 0) buffer Out { uint visits[]; };
layout(push_constant) uniform Push { uvec3 size; };

void main() {
    uvec3 id = gl_GlobalInvocationID;
    uint at = (id.z * size.y + id.y) * size.x + id.x;
    visits[at] += gl_WorkGroupID.x + 100 * gl_WorkGroupID.y + 10000 * gl_WorkGroupID.z + gl_LocalInvocationIndex * 1000000
        + gl_NumWorkGroups.x * 100000000;
}
