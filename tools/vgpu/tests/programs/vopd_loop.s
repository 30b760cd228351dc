s_mov_b32 s0, 10000
loop:
v_dual_fmac_f32 v8, v0, v2 :: v_dual_fmac_f32 v9, v1, v3
v_dual_fmac_f32 v10, v0, v2 :: v_dual_fmac_f32 v11, v1, v3
v_dual_fmac_f32 v12, v0, v2 :: v_dual_fmac_f32 v13, v1, v3
v_dual_fmac_f32 v14, v0, v2 :: v_dual_fmac_f32 v15, v1, v3
v_dual_fmac_f32 v16, v0, v2 :: v_dual_fmac_f32 v17, v1, v3
v_dual_fmac_f32 v18, v0, v2 :: v_dual_fmac_f32 v19, v1, v3
v_dual_fmac_f32 v20, v0, v2 :: v_dual_fmac_f32 v21, v1, v3
v_dual_fmac_f32 v22, v0, v2 :: v_dual_fmac_f32 v23, v1, v3
v_dual_fmac_f32 v24, v0, v2 :: v_dual_fmac_f32 v25, v1, v3
v_dual_fmac_f32 v26, v0, v2 :: v_dual_fmac_f32 v27, v1, v3
v_dual_fmac_f32 v28, v0, v2 :: v_dual_fmac_f32 v29, v1, v3
v_dual_fmac_f32 v30, v0, v2 :: v_dual_fmac_f32 v31, v1, v3
v_dual_fmac_f32 v32, v0, v2 :: v_dual_fmac_f32 v33, v1, v3
v_dual_fmac_f32 v34, v0, v2 :: v_dual_fmac_f32 v35, v1, v3
v_dual_fmac_f32 v36, v0, v2 :: v_dual_fmac_f32 v37, v1, v3
v_dual_fmac_f32 v38, v0, v2 :: v_dual_fmac_f32 v39, v1, v3
v_dual_fmac_f32 v40, v0, v2 :: v_dual_fmac_f32 v41, v1, v3
v_dual_fmac_f32 v42, v0, v2 :: v_dual_fmac_f32 v43, v1, v3
v_dual_fmac_f32 v44, v0, v2 :: v_dual_fmac_f32 v45, v1, v3
v_dual_fmac_f32 v46, v0, v2 :: v_dual_fmac_f32 v47, v1, v3
v_dual_fmac_f32 v48, v0, v2 :: v_dual_fmac_f32 v49, v1, v3
v_dual_fmac_f32 v50, v0, v2 :: v_dual_fmac_f32 v51, v1, v3
v_dual_fmac_f32 v52, v0, v2 :: v_dual_fmac_f32 v53, v1, v3
v_dual_fmac_f32 v54, v0, v2 :: v_dual_fmac_f32 v55, v1, v3
v_dual_fmac_f32 v56, v0, v2 :: v_dual_fmac_f32 v57, v1, v3
v_dual_fmac_f32 v58, v0, v2 :: v_dual_fmac_f32 v59, v1, v3
v_dual_fmac_f32 v60, v0, v2 :: v_dual_fmac_f32 v61, v1, v3
v_dual_fmac_f32 v62, v0, v2 :: v_dual_fmac_f32 v63, v1, v3
v_dual_fmac_f32 v64, v0, v2 :: v_dual_fmac_f32 v65, v1, v3
v_dual_fmac_f32 v66, v0, v2 :: v_dual_fmac_f32 v67, v1, v3
v_dual_fmac_f32 v68, v0, v2 :: v_dual_fmac_f32 v69, v1, v3
v_dual_fmac_f32 v70, v0, v2 :: v_dual_fmac_f32 v71, v1, v3
s_sub_u32 s0, s0, 1
s_cmp_lg_u32 s0, 0
s_cbranch_scc1 loop
s_endpgm
