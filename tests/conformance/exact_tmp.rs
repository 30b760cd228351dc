use half::f16;
use sparkle::conv::*;
pub fn convolve_exact(
    p: &ConvProblem,
    x: TensorRef<'_>,
    w: TensorRef<'_>,
    b: Option<TensorRef<'_>>,
    res: Option<TensorRef<'_>>,
) -> Result<Vec<f32>, ()> {
    let s = p.spec();
    let xs = s.layout.strides(s.in_channels, s.input);
    let ys = s.layout.strides(s.out_channels, p.output());
    let mut y = vec![0.0; p.output_len()];
    let cg = p.group_in_channels();
    for n in 0..s.batch {
        for k in 0..s.out_channels {
            for oy in 0..p.output()[0] {
                for ox in 0..p.output()[1] {
                    let g = k / p.group_out_channels();
                    let mut acc = 0.0f32;
                    for cb in (0..cg).step_by(16) {
                        for r in 0..s.kernel[0] {
                            for c in 0..s.kernel[1] {
                                for ch in cb..(cb + 16).min(cg) {
                                    let iy = (oy * s.stride[0] + r * s.dilation[0]) as isize
                                        - s.padding.top as isize;
                                    let ix = (ox * s.stride[1] + c * s.dilation[1]) as isize
                                        - s.padding.left as isize;
                                    if iy < 0
                                        || ix < 0
                                        || iy >= s.input[0] as isize
                                        || ix >= s.input[1] as isize
                                    {
                                        continue;
                                    }
                                    acc = x.get(xs.at(n, g * cg + ch, iy as usize, ix as usize)).mul_add(
                                        w.get(((k * cg + ch) * s.kernel[0] + r) * s.kernel[1] + c),
                                        acc,
                                    );
                                }
                            }
                        }
                    }
                    if let Some(b) = b {
                        acc += b.get(k);
                    }
                    let at = ys.at(n, k, oy, ox);
                    if let Some(r) = res {
                        acc += r.get(at);
                    }
                    let v = s.epilogue.activation.apply(acc);
                    y[at] = if s.dtype == DType::F16 {
                        f16::from_f32(v).to_f32()
                    } else {
                        v
                    };
                }
            }
        }
    }
    Ok(y)
}
