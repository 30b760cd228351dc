//! `sparkle-pm4`: reads PM4 dumps.

fn main() {}
