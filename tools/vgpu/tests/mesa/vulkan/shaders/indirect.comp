#version 460
layout(local_size_x = 1) in;
layout(set = 0, binding = 0) writeonly buffer Groups { uvec3 groups; };
layout(push_constant) uniform Push { uvec3 wanted; };

void main() {
    groups = wanted;
}
