//! Samples of an enum for tests, of which none can be forgotten.

/// A list of samples: each variant's pattern, then what gives its samples. A variant without a
/// pattern does not compile; a sample of another variant than its pattern's fails.
macro_rules! samples {
    ($($pattern:pat => $samples:expr),* $(,)?) => {{
        let mut all = Vec::new();
        $(for sample in $samples {
            assert!(matches!(&sample, $pattern), "{sample:?}");
            all.push(sample);
        })*
        for sample in &all {
            match sample {
                $($pattern => {})*
            }
        }
        all
    }};
}

pub(crate) use samples;
