#version 460
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_KHR_shader_subgroup_shuffle_relative : require
#extension GL_KHR_shader_subgroup_clustered : require
#extension GL_KHR_shader_subgroup_quad : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_KHR_shader_subgroup_rotate : require
layout(local_size_x = 128) in;
layout(set = 0, binding = 0) readonly buffer In { uint data[]; };
layout(set = 0, binding = 1) writeonly buffer Out { uint results[]; };
layout(set = 0, binding = 2) writeonly buffer Size { uint size; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    uint x = data[i];
    uint lane = gl_SubgroupInvocationID;
    uint at = i * 24;
    results[at + 0] = subgroupAdd(x);
    results[at + 1] = subgroupInclusiveAdd(x);
    results[at + 2] = subgroupExclusiveAdd(x);
    results[at + 3] = subgroupMin(x);
    results[at + 4] = subgroupMax(x);
    results[at + 5] = subgroupXor(x);
    results[at + 6] = subgroupInclusiveMax(x);
    results[at + 7] = subgroupClusteredAdd(x, 8);
    results[at + 8] = subgroupClusteredMin(x, 16);
    results[at + 9] = subgroupShuffle(x, (lane * 7 + 3) % gl_SubgroupSize);
    results[at + 10] = subgroupShuffleXor(x, 17);
    results[at + 11] = subgroupShuffleUp(x, 1);
    results[at + 12] = subgroupShuffleDown(x, 3);
    results[at + 13] = subgroupBroadcast(x, 5);
    results[at + 14] = subgroupBroadcastFirst(x);
    results[at + 15] = subgroupBallotBitCount(subgroupBallot((x & 1) == 1));
    results[at + 16] = subgroupBallotExclusiveBitCount(subgroupBallot((x & 1) == 1));
    results[at + 17] = subgroupQuadSwapDiagonal(x);
    results[at + 18] = subgroupQuadBroadcast(x, 2);
    results[at + 19] = subgroupRotate(x, 5);
    results[at + 20] = subgroupAny(x > 0xfff00000u) ? 1 : 0;
    results[at + 21] = floatBitsToUint(subgroupAdd(float(x & 0xffu)));
    results[at + 22] = subgroupElect() ? 1 : 0;
    // Under divergence only the lanes that are there take part.
    if ((x & 2) == 2) {
        results[at + 23] = subgroupAdd(x);
    } else {
        results[at + 23] = subgroupMax(x);
    }
    if (i == 0) {
        size = gl_SubgroupSize;
    }
}
