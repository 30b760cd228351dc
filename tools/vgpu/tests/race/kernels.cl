// What workgroups and waves do to each other. Made by the command of `basic.cl`.
#define ID() __builtin_amdgcn_workitem_id_x()
#define GROUP() __builtin_amdgcn_workgroup_id_x()
#define BARRIER() \
  do { \
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup"); \
    __builtin_amdgcn_s_barrier(); \
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup"); \
  } while (0)
#define DEVICE memory_scope_device

// A reduction of a workgroup through LDS.
__attribute__((reqd_work_group_size(128, 1, 1)))
kernel void reduce(global const uint *in, global uint *out) {
  local uint part[128];
  uint l = ID(), g = GROUP();
  part[l] = in[g * 128 + l];
  BARRIER();
  for (uint s = 64; s > 0; s >>= 1) {
    if (l < s) part[l] += part[l + s];
    BARRIER();
  }
  if (l == 0) out[g] = part[0];
}

// Two tiles in LDS by turns.
__attribute__((reqd_work_group_size(128, 1, 1)))
kernel void turns(global const uint *in, global uint *out, uint steps) {
  local uint tile[2][128];
  uint l = ID(), g = GROUP(), sum = 0;
  tile[0][l] = in[l];
  for (uint k = 0; k < steps; k++) {
    BARRIER();
    if (k + 1 < steps) tile[(k + 1) & 1][l] = in[(k + 1) * 128 + l];
    sum += tile[k & 1][127 - l] * 3 + tile[k & 1][(l + 32) & 127];
  }
  out[g * 128 + l] = sum;
}

// The last workgroup to come adds what all have left.
__attribute__((reqd_work_group_size(64, 1, 1)))
kernel void last(global const uint *in, global uint *part, global atomic_uint *count, global uint *out, uint groups) {
  local uint is_last;
  uint l = ID(), g = GROUP();
  part[g * 64 + l] = in[g * 64 + l] * 5;
  BARRIER();
  if (l == 0) is_last = __opencl_atomic_fetch_add(count, 1u, __ATOMIC_ACQ_REL, DEVICE) == groups - 1;
  BARRIER();
  if (is_last) {
    uint sum = 0;
    for (uint k = 0; k < groups; k++) sum += part[k * 64 + l];
    out[l] = sum;
  }
}

// A lock between workgroups.
__attribute__((reqd_work_group_size(32, 1, 1)))
kernel void lock(global atomic_uint *lock, global uint *sum) {
  if (ID() == 0) {
    uint free = 0;
    while (!__opencl_atomic_compare_exchange_strong(lock, &free, 1u, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED, DEVICE)) free = 0;
    sum[0] += GROUP() + 1;
    sum[1] += 1;
    __opencl_atomic_store(lock, 0u, __ATOMIC_RELEASE, DEVICE);
  }
}

// A lock between workgroups that gives turns.
__attribute__((reqd_work_group_size(32, 1, 1)))
kernel void ticket(global atomic_uint *next, global atomic_uint *serving, global uint *sum) {
  if (ID() == 0) {
    uint mine = __opencl_atomic_fetch_add(next, 1u, __ATOMIC_RELAXED, DEVICE);
    while (__opencl_atomic_load(serving, __ATOMIC_ACQUIRE, DEVICE) != mine) continue;
    sum[0] += GROUP() + 1;
    __opencl_atomic_store(serving, mine + 1, __ATOMIC_RELEASE, DEVICE);
  }
}

// A lock in LDS between the waves of a workgroup.
__attribute__((reqd_work_group_size(128, 1, 1)))
kernel void waves(global const uint *in, global uint *out) {
  local atomic_uint held;
  local uint sum;
  uint l = ID(), g = GROUP();
  if (l == 0) {
    __opencl_atomic_init(&held, 0u);
    sum = 0;
  }
  BARRIER();
  if ((l & 31) == 0) {
    uint free = 0;
    while (!__opencl_atomic_compare_exchange_strong(&held, &free, 1u, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED, memory_scope_work_group)) free = 0;
    sum += in[g * 128 + l];
    __opencl_atomic_store(&held, 0u, __ATOMIC_RELEASE, memory_scope_work_group);
  }
  BARRIER();
  if (l == 0) out[g] = sum;
}

// The first workgroup makes what the others take.
__attribute__((reqd_work_group_size(32, 1, 1)))
kernel void pass(global uint *data, global atomic_uint *flag, global uint *out) {
  uint l = ID(), g = GROUP();
  if (g == 0) {
    data[l] = l * 7;
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "agent");
    if (l == 0) __opencl_atomic_store(flag, 1u, __ATOMIC_RELAXED, DEVICE);
  } else {
    while (__opencl_atomic_load(flag, __ATOMIC_RELAXED, DEVICE) == 0) continue;
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "agent");
    out[g * 32 + l] = data[31 - l];
  }
}
