//! Which known word a person probably meant.

/// The candidate nearest to `word`, if it is near enough to be a slip: at most a third of the letters wrong
/// (optimal string alignment distance, so that two swapped letters count once), or the same word in another
/// case. Of several equally near ones the first.
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    let folded = word.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let distance = if candidate.to_lowercase() == folded {
            0
        } else {
            distance(&folded, &candidate.to_lowercase())
        };
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn distance(a: &str, b: &str) -> usize {
    // Names are short; a longer word is no slip of the pen and would only cost time.
    const LONGEST: usize = 64;
    let a: Vec<char> = a.chars().take(LONGEST).collect();
    let b: Vec<char> = b.chars().take(LONGEST).collect();
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect(), vec![0; b.len() + 1]];
    for i in 1..=a.len() {
        rows[2][0] = i;
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            let mut cost = (rows[1][j] + 1).min(rows[2][j - 1] + 1).min(rows[1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(rows[0][j - 2] + 1);
            }
            rows[2][j] = cost;
        }
        rows.rotate_left(1);
    }
    rows[1][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["FEC_ALTA", "FEC_BAJA", "IMPORTE", "NIF"];
        assert_eq!(suggest("FEC_ATLA", known), Some("FEC_ALTA"));
        assert_eq!(suggest("fec_alta", known), Some("FEC_ALTA"));
        assert_eq!(suggest("IMPORT", known), Some("IMPORTE"));
        assert_eq!(suggest("NFI", known), Some("NIF"));
        assert_eq!(suggest("TELEFONO", known), None);
        assert_eq!(suggest("", known), None);
    }
}
