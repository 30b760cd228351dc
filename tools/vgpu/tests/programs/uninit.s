; Programs with a mistake each (`name`, found at `name.at`) and near misses (`name.ok`). See ../uninit.rs.
; Assembled with: clang-19 -target amdgcn-amd-amdhsa -mcpu=gfx1100 -c
; s[0:1] is the address of the arguments x, y, out and n, v0 the lane's number, s15 the workgroup's. No program writes
; v9, v10 and s30 to s33 on its own before it reads them; memory of `out`, LDS and scratch are undefined.
.macro begin name
.p2align 8
\name:
  s_load_b128 s[4:7], s[0:1], 0x0
  s_load_b64 s[8:9], s[0:1], 0x10
  v_lshlrev_b32 v1, 2, v0
  s_waitcnt lgkmcnt(0)
.endm
; Stores v2 as the result of each lane.
.macro finish
  global_store_b32 v1, v2, s[8:9]
  s_endpgm
.endm
.macro finish_zero
  v_mov_b32 v2, 0
  finish
.endm

begin address
address.at:
  global_load_b32 v2, v9, s[4:5]
  finish

begin address.ok
  v_and_b32 v9, 0, v9
  global_load_b32 v2, v9, s[4:5]
  finish

begin address_byte
  v_and_b32 v9, 0xfc, v9
  v_or_b32 v3, 0x10, v9
address_byte.at:
  global_load_b32 v2, v3, s[4:5]
  finish

begin address_lane
  v_cmp_ne_u32 vcc_lo, 5, v0
  s_and_saveexec_b32 s10, vcc_lo
  v_mov_b32 v3, v1
  s_mov_b32 exec_lo, s10
address_lane.at:
  global_load_b32 v2, v3, s[4:5]
  finish

begin address_lane.ok
  v_mov_b32 v2, 0
  v_cmp_ne_u32 vcc_lo, 5, v0
  s_and_saveexec_b32 s10, vcc_lo
  v_mov_b32 v3, v1
  global_load_b32 v2, v3, s[4:5]
  s_mov_b32 exec_lo, s10
  finish

begin scalar_address
scalar_address.at:
  s_load_b32 s20, s[4:5], s30
  finish_zero

begin descriptor
  s_mov_b64 s[20:21], s[4:5]
  s_movk_i32 s22, 0x100
descriptor.at:
  buffer_load_b32 v2, v1, s[20:23], 0 offen
  finish

begin descriptor.ok
  s_mov_b64 s[20:21], s[4:5]
  s_movk_i32 s22, 0x100
  s_mov_b32 s23, 0x31014000
  buffer_load_b32 v2, v1, s[20:23], 0 offen
  s_waitcnt vmcnt(0)
  finish

begin lds_address
lds_address.at:
  ds_load_b32 v2, v9
  finish_zero

begin m0
m0.at:
  ds_load_addtid_b32 v2 offset:0
  finish_zero

begin m0.ok
  s_mov_b32 m0, 0
  ds_load_addtid_b32 v2 offset:0
  finish_zero

begin branch_scc
  s_cmp_eq_u32 s30, 0
branch_scc.at:
  s_cbranch_scc1 branch_scc.end
branch_scc.end:
  finish_zero

; One bit that differs decides that they are not equal.
begin branch_scc.ok
  s_bitset1_b32 s30, 7
  s_cmp_eq_u32 s30, 0
  s_cbranch_scc1 branch_scc_ok.end
branch_scc_ok.end:
  finish_zero

begin branch_vcc
  v_cmp_eq_u32 vcc_lo, v9, v0
branch_vcc.at:
  s_cbranch_vccz branch_vcc.end
branch_vcc.end:
  finish_zero

; One lane decides that it is not zero, whatever the others are.
begin branch_vcc.ok
  s_or_b32 vcc_lo, s30, 4
  s_cbranch_vccz branch_vcc_ok.end
branch_vcc_ok.end:
  finish_zero

begin exec
exec.at:
  s_and_saveexec_b32 s10, s30
  s_mov_b32 exec_lo, s10
  finish_zero

; Undefined bits of lanes that are off.
begin exec.ok
  s_movk_i32 s11, 0xff
  s_mov_b32 exec_lo, s11
  s_and_b32 s12, s30, 0xffffff00
  s_or_b32 s12, s12, 15
  s_and_saveexec_b32 s10, s12
  s_mov_b32 exec_lo, -1
  finish_zero

begin exec_lane
  v_mov_b32 v3, v0
  s_mov_b32 exec_lo, 0x40
  v_mov_b32 v3, v9
  s_mov_b32 exec_lo, -1
exec_lane.at:
  v_cmpx_gt_u32 7, v3
  s_mov_b32 exec_lo, -1
  finish_zero

begin jump
  s_getpc_b64 s[20:21]
  s_add_u32 s20, s20, s30
  s_addc_u32 s21, s21, 0
  s_add_u32 s20, s20, 16
jump.at:
  s_setpc_b64 s[20:21]
  finish_zero

begin lane
lane.at:
  v_readlane_b32 s20, v0, s30
  finish_zero

; Five bits of a lane's number count.
begin lane.ok
  s_and_b32 s30, s30, 0xffffffe0
  v_readlane_b32 s20, v0, s30
  finish_zero

begin permute
permute.at:
  ds_bpermute_b32 v2, v9, v0
  finish_zero

begin permute.ok
  v_lshl_or_b32 v3, v9, 8, v1
  ds_bpermute_b32 v2, v3, v0
  s_waitcnt lgkmcnt(0)
  finish

begin result
result.at:
  global_store_b32 v1, v9, s[8:9]
  s_endpgm

begin result.ok
  v_lshl_add_u32 v2, v9, 0, v0
  v_sub_nc_u32 v2, v2, v2
  v_and_b32 v2, v2, 0
  finish

begin result_part
  global_store_b16 v1, v0, s[8:9]
result_part.at:
  s_endpgm

begin result_lds
  ds_store_b8 v1, v0
  ds_load_b32 v2, v1
  s_waitcnt lgkmcnt(0)
result_lds.at:
  finish

begin result_lds.ok
  ds_store_b8 v1, v0
  ds_load_b32 v2, v1
  s_waitcnt lgkmcnt(0)
  v_and_b32 v2, 0xff, v2
  finish

begin result_scratch
  scratch_load_b32 v2, off, off offset:4
  s_waitcnt vmcnt(0)
result_scratch.at:
  finish

begin result_scratch.ok
  scratch_store_b64 off, v[0:1], off
  scratch_load_b32 v2, off, off offset:4
  s_waitcnt vmcnt(0)
  finish

begin result_float
  v_fma_f32 v2, v9, 0, v1
result_float.at:
  finish

begin result_half
  global_load_d16_b16 v2, v1, s[4:5]
  s_waitcnt vmcnt(0)
result_half.at:
  finish

begin result_half.ok
  global_load_d16_b16 v2, v1, s[4:5]
  global_load_d16_hi_b16 v2, v1, s[4:5] offset:2
  s_waitcnt vmcnt(0)
  finish

begin result_choice
  v_cmp_gt_u32 vcc_lo, 12, v0
  v_cndmask_b32 v2, v9, v0, vcc_lo
result_choice.at:
  finish

begin result_choice.ok
  v_cmp_gt_u32 vcc_lo, 32, v0
  v_cndmask_b32 v2, v9, v0, vcc_lo
  finish

begin mode
mode.at:
  s_setreg_b32 hwreg(HW_REG_MODE, 0, 4), s30
  finish_zero

begin carry
  v_add_co_u32 v3, vcc_lo, v9, v0
  v_add_co_ci_u32 v4, vcc_lo, 0, 0, vcc_lo
  v_lshlrev_b32 v4, 2, v4
carry.at:
  global_load_b32 v2, v4, s[4:5]
  finish

; Nothing can carry out of the low halves.
begin carry.ok
  v_and_b32 v3, 0xffff, v9
  v_add_co_u32 v3, vcc_lo, v3, v0
  v_add_co_ci_u32 v4, vcc_lo, 0, 0, vcc_lo
  v_lshlrev_b32 v4, 2, v4
  global_load_b32 v2, v4, s[4:5]
  s_waitcnt vmcnt(0)
  finish

begin atomic
  v_mov_b32 v2, 4
  global_atomic_add_u32 v3, v1, v2, s[8:9] glc
  s_waitcnt vmcnt(0)
  v_and_b32 v3, 0x7c, v3
atomic.at:
  global_load_b32 v2, v3, s[4:5]
  finish

begin atomic.ok
  v_mov_b32 v2, 4
  global_store_b32 v1, v2, s[8:9]
  global_atomic_add_u32 v3, v1, v2, s[8:9] glc
  s_waitcnt vmcnt(0)
  v_and_b32 v3, 0x7c, v3
  global_load_b32 v4, v3, s[4:5]
  s_endpgm

; Lane 31 gets nothing from above, and what it keeps is undefined.
begin exchange
  v_mov_b32_dpp v9, v0 row_shl:1 row_mask:0xf bank_mask:0xf
  v_lshlrev_b32 v9, 2, v9
exchange.at:
  global_load_b32 v2, v9, s[4:5]
  finish

begin exchange.ok
  v_mov_b32_dpp v9, v0 row_shl:1 row_mask:0xf bank_mask:0xf bound_ctrl:1
  v_lshlrev_b32 v9, 2, v9
  global_load_b32 v2, v9, s[4:5]
  s_waitcnt vmcnt(0)
  finish

; A row of A with one undefined half: the row of the result.
begin matrix
  .irp reg, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  v_mov_b32 v\reg, v0
  .endr
  s_mov_b32 exec_lo, 0x80008
  v_mov_b32 v20, v9
  s_mov_b32 exec_lo, -1
  v_wmma_f32_16x16x16_f16 v[32:39], v[16:23], v[24:31], 0
  v_mov_b32 v2, v32
matrix.even:
  global_store_b32 v1, v2, s[8:9]
  v_mov_b32 v2, v33
matrix.at:
  finish
.p2align 8
