#version 460
#extension GL_EXT_shader_explicit_arithmetic_types : require
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_8bit_storage : require
layout(local_size_x = 64) in;
layout(set = 0, binding = 0) readonly buffer Bytes { int8_t bytes[]; };
layout(set = 0, binding = 1) readonly buffer Halves { float16_t halves[]; };
layout(set = 0, binding = 2) writeonly buffer Bytes2 { int8_t bytes_out[]; };
layout(set = 0, binding = 3) writeonly buffer Shorts { int16_t shorts_out[]; };
layout(set = 0, binding = 4) writeonly buffer Halves2 { float16_t halves_out[]; };
layout(set = 0, binding = 5) writeonly buffer Vectors { f16vec4 vectors_out[]; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    int8_t b = bytes[i];
    float16_t h = halves[i];
    bytes_out[i] = b * int8_t(3) + int8_t(7);
    shorts_out[i] = int16_t(b) * int16_t(b) - int16_t(i);
    halves_out[i] = h * float16_t(0.5) + float16_t(b);
    vectors_out[i] = f16vec4(h, -h, max(h, float16_t(2)), float16_t(i & 7u)) * f16vec4(2, 4, 1, 0.5);
}
