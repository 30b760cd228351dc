// What the kernels share.
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#pragma OPENCL EXTENSION __cl_clang_function_pointers : enable
#pragma clang diagnostic ignored "-Wpedantic"

#define LOCAL() __builtin_amdgcn_workitem_id_x()
#define GROUP() __builtin_amdgcn_workgroup_id_x()
// Numbers of the thread in a grid of one axis with workgroups of `size`.
#define THREAD(size) (GROUP() * (size) + LOCAL())
#define GROUP_OF(size) __kernel __attribute__((reqd_work_group_size(size, 1, 1)))
#define IN(type) __global const type *restrict
#define OUT(type) __global type *restrict

// Waits for the workgroup and makes its stores seen.
static inline void barrier_all(void) {
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
}
