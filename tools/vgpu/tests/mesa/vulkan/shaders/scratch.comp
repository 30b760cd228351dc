#version 460
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer In { uint data[]; };
layout(set = 0, binding = 1) writeonly buffer Out { uint results[]; };

// An array that is too large for registers and indexed by data lies in scratch memory.
void main() {
    uint i = gl_GlobalInvocationID.x;
    uint stack[200];
    for (uint k = 0; k < 200; k++) {
        stack[k] = data[(i + k) % 1024];
    }
    uint at = i % 200, sum = 0;
    for (uint k = 0; k < 300; k++) {
        uint next = stack[at] % 200;
        stack[at] += k;
        sum = sum * 31 + stack[at];
        at = next;
    }
    results[i] = sum;
}
