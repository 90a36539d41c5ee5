//! Depths, as they are written on a chart.

/// Whole fathoms of a depth in metres.
///
/// ```
/// assert_eq!(fathom::label(18), "9");
/// ```
pub fn label(metres: u32) -> String {
    itoa::Buffer::new().format(metres * 1000 / 1829).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shallow() {
        assert_eq!(label(2), "1");
    }

    #[test]
    #[ignore = "no such depth"]
    fn deep() {
        assert_eq!(label(100_000), "");
    }
}
