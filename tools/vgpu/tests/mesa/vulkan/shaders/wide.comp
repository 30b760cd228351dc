#version 460
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_shader_explicit_arithmetic_types_float64 : require
layout(local_size_x = 64) in;
struct Pair { int64_t integer; double real; };
layout(set = 0, binding = 0) readonly buffer In { Pair from[]; };
layout(set = 0, binding = 1) writeonly buffer Out { int64_t integers[4 * 256]; double reals[4 * 256]; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    int64_t x = from[i].integer;
    double y = from[i].real;
    integers[4 * i + 0] = x * x + 3l;
    integers[4 * i + 1] = x / 1000003l;
    integers[4 * i + 2] = (x >> 7) ^ (x << 11);
    integers[4 * i + 3] = abs(x) % 4093l;
    reals[4 * i + 0] = fma(y, y, 0.25lf);
    reals[4 * i + 1] = 1.0lf / y;
    reals[4 * i + 2] = sqrt(abs(y));
    reals[4 * i + 3] = floor(y) + double(x);
}
