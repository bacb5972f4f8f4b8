//! How evenly a change is spread over its files.

/// Shannon entropy of the changed lines over the files, divided by its greatest possible value: 0 when all
/// lines are in one file, 1 when every file has as many (Hassan, ICSE 2009). To three decimals.
///
/// Files without changed lines do not count. 0 for fewer than two files.
pub fn entropy(lines_per_file: &[u32]) -> f64 {
    let lines: Vec<f64> =
        lines_per_file.iter().filter(|&&lines| lines > 0).map(|&lines| f64::from(lines)).collect();
    let total: f64 = lines.iter().sum();
    let files = u32::try_from(lines.len()).map_or(f64::INFINITY, f64::from);
    if files < 2.0 {
        return 0.0;
    }
    let bits: f64 = lines.iter().map(|lines| (total / lines).log2() * lines / total).sum();
    // Logarithms may differ in their last digit between machines; a stored feature may not.
    ((bits / files.log2()).clamp(0.0, 1.0) * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(lines: &[u32], expected: f64) {
        assert!((entropy(lines) - expected).abs() < 1e-9, "{} is not {expected}", entropy(lines));
    }

    #[test]
    fn from_one_file_to_an_even_spread() {
        check(&[], 0.0);
        check(&[9], 0.0);
        check(&[9, 0, 0], 0.0);
        check(&[5, 5], 1.0);
        check(&[7; 30], 1.0);
        check(&[3, 1], 0.811);
        check(&[100, 1, 1], 0.1);
    }

    proptest! {
        #[test]
        fn it_is_a_share_and_the_order_does_not_matter(mut lines in prop::collection::vec(any::<u32>(), 0..20)) {
            let spread = entropy(&lines);
            prop_assert!((0.0..=1.0).contains(&spread));
            lines.reverse();
            prop_assert!((entropy(&lines) - spread).abs() < 1e-9);
        }
    }
}
