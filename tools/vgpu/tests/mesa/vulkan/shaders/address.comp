#version 460
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
layout(local_size_x = 64) in;
layout(buffer_reference) buffer Node;
layout(buffer_reference, std430, buffer_reference_align = 8) buffer Node { Node next; uint value; uint pad; };
layout(push_constant) uniform Push { Node head; uint64_t out_address; uint count; };
layout(buffer_reference, std430, buffer_reference_align = 4) writeonly buffer Out { uint values[]; };

// Walks a linked list by addresses.
void main() {
    uint i = gl_GlobalInvocationID.x;
    Node node = head;
    uint sum = 0;
    for (uint k = 0; k <= i % count; k++) {
        sum += node.value * (k + 1);
        node = node.next;
    }
    Out(out_address).values[i] = sum;
}
