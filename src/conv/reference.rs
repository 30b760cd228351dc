//! The slow, obvious reference: f64 sums, one loop per index. What every backend is verified against.
