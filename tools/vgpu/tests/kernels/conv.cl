// A convolution without cunning.
#include "kernel.h"

// 3 by 3 with padding 1, NCHW and KCRS; a thread makes an output. Channels go in blocks of 16,
// and the taps outside of them.
__kernel __attribute__((reqd_work_group_size(32, 2, 1)))
void direct(IN(float) x, IN(float) w, OUT(float) y, uint channels, int height, int width) {
    int column = (int)(__builtin_amdgcn_workgroup_id_x() * 32 + __builtin_amdgcn_workitem_id_x());
    int row = (int)(__builtin_amdgcn_workgroup_id_y() * 2 + __builtin_amdgcn_workitem_id_y());
    uint k = __builtin_amdgcn_workgroup_id_z();
    if (column >= width || row >= height)
        return;
    float sum = 0;
    for (uint block = 0; block < channels; block += 16)
        for (int r = 0; r < 3; r++)
            for (int s = 0; s < 3; s++) {
                int i = row + r - 1, j = column + s - 1;
                if (i < 0 || i >= height || j < 0 || j >= width)
                    continue;
                for (uint c = block; c < __builtin_elementwise_min(block + 16, channels); c++)
                    sum = __builtin_fmaf(x[(c * (uint)height + (uint)i) * (uint)width + (uint)j],
                                         w[((k * channels + c) * 3 + (uint)r) * 3 + (uint)s], sum);
            }
    y[(k * (uint)height + (uint)row) * (uint)width + (uint)column] = sum;
}
