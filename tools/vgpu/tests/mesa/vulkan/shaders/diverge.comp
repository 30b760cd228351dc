#version 460
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) writeonly buffer Out { uvec2 results[]; };

// Steps and highest value of Collatz's walk: each lane leaves the loop when it wants.
void main() {
    uint value = gl_GlobalInvocationID.x + 1;
    uint steps = 0, highest = value;
    while (value != 1) {
        if ((value & 1) == 0) {
            value /= 2;
        } else {
            value = 3 * value + 1;
        }
        highest = max(highest, value);
        if (++steps > 300) {
            break;
        }
    }
    switch (steps & 3) {
    case 0: highest += 1; break;
    case 1: highest ^= 0x55; break;
    case 2: highest *= 3;
    case 3: highest -= 2; break;
    }
    results[gl_GlobalInvocationID.x] = uvec2(steps, highest);
}
