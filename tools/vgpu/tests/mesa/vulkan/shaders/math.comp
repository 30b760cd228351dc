#version 460
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer In { float from[]; };
layout(set = 0, binding = 1) writeonly buffer Out { float results[]; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    float x = from[i];
    uint at = i * 16;
    results[at + 0] = sqrt(x);
    results[at + 1] = inversesqrt(x);
    results[at + 2] = 1.0 / x;
    results[at + 3] = exp2(x * 0.125);
    results[at + 4] = log2(x);
    results[at + 5] = sin(x);
    results[at + 6] = cos(x);
    results[at + 7] = floor(x) + fract(x) * 4.0;
    results[at + 8] = unpackHalf2x16(packHalf2x16(vec2(x, -x))).y;
    results[at + 9] = pow(x, 1.5);
    results[at + 10] = atan(x, 2.0);
    results[at + 11] = ldexp(x, 3);
    results[at + 12] = roundEven(x);
    results[at + 13] = mix(x, 10.0, 0.25);
    results[at + 14] = float(bitCount(floatBitsToUint(x)) + findMSB(uint(x) + 1) + bitfieldExtract(int(i), 1, 3));
    results[at + 15] = x / 7.0;
}
