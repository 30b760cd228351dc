#version 460
layout(local_size_x = 64) in;
layout(constant_id = 0) const uint FACTOR = 1;
layout(set = 0, binding = 0) uniform Uniform { vec4 table[16]; uint offset; } uniforms[2];
layout(set = 0, binding = 2) uniform usamplerBuffer texels;
layout(set = 0, binding = 3) uniform samplerBuffer colours;
layout(set = 0, binding = 4, r32ui) uniform writeonly uimageBuffer image;
layout(set = 0, binding = 5) writeonly buffer Out { vec4 results[]; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    uint which = gl_WorkGroupID.x & 1u;
    vec4 row = uniforms[0].table[i & 15u] + uniforms[1].table[(i >> 4) & 15u];
    results[i] = row * float(FACTOR) + texelFetch(colours, int(i));
    imageStore(image, int(i), uvec4(texelFetch(texels, int(i + uniforms[which == 0 ? 0 : 1].offset)).x + FACTOR));
}
