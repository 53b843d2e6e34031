//! Which ways of writing numbers a column's values fit.

/// A decimal mark, a mark between groups of three digits, or none of either.
pub(super) type Marks = (Option<char>, Option<char>);

/// Ways of writing, those that are meant more often first: of several that fit, the first is taken.
pub(super) const WAYS: [Marks; 12] = [
    (None, None),
    (Some('.'), None),
    (Some(','), None),
    (Some(','), Some('.')),
    (Some('.'), Some(',')),
    (Some(','), Some(' ')),
    (Some(','), Some('\u{a0}')),
    (Some('.'), Some(' ')),
    (Some('.'), Some('\'')),
    (None, Some('.')),
    (None, Some(',')),
    (None, Some(' ')),
];

/// What was seen of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    /// Values that fit, by the ways.
    fits: [u64; WAYS.len()],
    /// The same with a sign behind.
    trailing: [u64; WAYS.len()],
    whole: [u32; WAYS.len()],
    scale: [u32; WAYS.len()],
    /// Values whose one mark may be of the fraction or of thousands, by mark: `.`, `,`.
    doubtful: [u64; 2],
    /// Digits and nothing else, the first of them a needless zero.
    zeros: u64,
    /// Digits and nothing else: the least and the most of them, and how many such values.
    digits: Option<(usize, usize)>,
    bare: u64,
    /// With an exponent.
    floats: u64,
    negative: u64,
}

/// A way of writing that was decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) marks: Marks,
    pub(super) trailing: bool,
    pub(super) fits: u64,
    /// The most digits before and after the mark.
    pub(super) whole: u32,
    pub(super) scale: u32,
    /// Values that would also fit with the mark read the other way.
    pub(super) doubtful: u64,
}

/// Runs of digits and the marks between them.
struct Shape {
    runs: [u32; MOST],
    marks: [char; MOST],
    count: usize,
}

/// The most marks in a number that is still one.
const MOST: usize = 16;

impl Numbers {
    /// Takes a trimmed value that stands there `weight` times.
    pub(super) fn see(&mut self, text: &str, weight: u64) {
        let (body, negative, trailing) = unsigned(text);
        let Some(shape) = shape(body) else {
            self.floats += if is_float(body) { weight } else { 0 };
            return;
        };
        self.negative += if negative { weight } else { 0 };
        for (at, marks) in WAYS.iter().enumerate() {
            let Some((whole, scale)) = shape.reads(*marks) else { continue };
            self.fits[at] += if trailing { 0 } else { weight };
            self.trailing[at] += if negative && !trailing { 0 } else { weight };
            self.whole[at] = self.whole[at].max(whole);
            self.scale[at] = self.scale[at].max(scale);
        }
        if shape.count == 1 && body.len() == text.len() {
            self.zeros += if body.len() > 1 && body.starts_with('0') { weight } else { 0 };
            let (least, most) = self.digits.unwrap_or((body.len(), body.len()));
            self.digits = Some((least.min(body.len()), most.max(body.len())));
            self.bare += weight;
        }
        if shape.count == 2
            && shape.runs[1] == 3
            && (1..=3).contains(&shape.runs[0])
            && !body.starts_with('0')
        {
            match shape.marks[0] {
                '.' => self.doubtful[0] += weight,
                ',' => self.doubtful[1] += weight,
                _ => {}
            }
        }
    }

    /// Digits with needless zeros before them.
    pub(super) fn zeros(&self) -> u64 {
        self.zeros
    }

    pub(super) fn floats(&self) -> u64 {
        self.floats
    }

    /// How many digits each value has, if all that are digits have the same; with how many such values.
    pub(super) fn fixed_digits(&self) -> Option<(usize, u64)> {
        let (least, most) = self.digits?;
        (least == most).then_some((least, self.bare))
    }

    /// The decimal mark that the values prove: no other reading fits as many.
    pub(super) fn proves(&self) -> Option<char> {
        let chosen = self.choose(None)?;
        let decided = chosen.fits > chosen.doubtful && chosen.scale > 0 && chosen.doubtful == 0;
        let grouped = chosen.marks.1.is_some() && chosen.doubtful == 0;
        match chosen.marks {
            (Some(mark), _) if decided => Some(mark),
            (None, Some('.')) if grouped => Some(','),
            (None, Some(',')) if grouped => Some('.'),
            _ => None,
        }
    }

    /// The way that fits most values; where the values leave a choice, that of the other columns of the source.
    pub(super) fn choose(&self, custom: Option<char>) -> Option<Chosen> {
        let most = |fits: &[u64]| fits.iter().copied().max().unwrap_or_default();
        let trailing = most(&self.trailing) > most(&self.fits);
        let fits = if trailing { &self.trailing } else { &self.fits };
        let best = most(fits);
        if best == 0 {
            return None;
        }
        let open: Vec<usize> = (0..WAYS.len()).filter(|at| fits[*at] == best).collect();
        let has = |marks: Marks| open.iter().copied().find(|at| WAYS[*at] == marks);
        let doubtful = |mark: char| if mark == '.' { self.doubtful[0] } else { self.doubtful[1] };
        // Where no value has a fraction, none is read into them.
        let whole = open.iter().copied().find(|at| WAYS[*at].0.is_none());
        let mut chosen = whole.or_else(|| open.first().copied())?;
        let mut doubt = 0;
        // Every mark has three digits behind it: both readings fit.
        for (mark, other) in [('.', ','), (',', '.')] {
            if let (Some(fraction), Some(groups)) =
                (has((Some(mark), None)), has((None, Some(mark))))
                && chosen != 0
            {
                chosen = if custom == Some(mark) { fraction } else { groups };
                doubt =
                    if custom == Some(mark) || custom == Some(other) { 0 } else { doubtful(mark) };
            }
        }
        let marks = WAYS[chosen];
        Some(Chosen {
            marks,
            trailing,
            fits: best,
            whole: self.whole[chosen],
            scale: self.scale[chosen],
            doubtful: doubt,
        })
    }
}

fn unsigned(text: &str) -> (&str, bool, bool) {
    if let Some(rest) = text.strip_prefix('-') {
        (rest, true, false)
    } else if let Some(rest) = text.strip_prefix('+') {
        (rest, false, false)
    } else if let Some(rest) = text.strip_suffix('-') {
        (rest, true, true)
    } else {
        (text, false, false)
    }
}

fn shape(text: &str) -> Option<Shape> {
    const LONGEST: usize = 64;
    if text.len() > LONGEST || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut shape = Shape { runs: [0; MOST], marks: ['\0'; MOST], count: 1 };
    for char in text.chars() {
        if char.is_ascii_digit() {
            shape.runs[shape.count - 1] += 1;
        } else if matches!(char, '.' | ',' | ' ' | '\'' | '\u{a0}') && shape.count < MOST {
            shape.marks[shape.count - 1] = char;
            shape.count += 1;
        } else {
            return None;
        }
    }
    Some(shape)
}

impl Shape {
    /// Digits before and after the mark, if the number can be read so.
    fn reads(&self, (decimal, group): Marks) -> Option<(u32, u32)> {
        let marks = &self.marks[..self.count - 1];
        let (whole, scale) = match (marks.last(), decimal) {
            (Some(last), Some(decimal)) if *last == decimal => {
                let fraction = self.runs[self.count - 1];
                (&self.runs[..self.count - 1], Some(fraction).filter(|digits| *digits > 0)?)
            }
            _ => (&self.runs[..self.count], 0),
        };
        let groups = &marks[..whole.len() - 1];
        if groups.iter().any(|mark| Some(*mark) != group) {
            return None;
        }
        if !groups.is_empty() {
            let rest = whole[1..].iter().all(|run| *run == 3);
            if !rest || !(1..=3).contains(&whole[0]) {
                return None;
            }
        }
        let digits = whole.iter().sum();
        (digits > 0 || scale > 0).then_some((digits, scale))
    }
}

fn is_float(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    (1..=4).contains(&exponent.len())
        && exponent.bytes().all(|byte| byte.is_ascii_digit())
        && shape(mantissa).is_some_and(|shape| shape.reads((Some('.'), None)).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(values: &[&str]) -> Numbers {
        let mut numbers = Numbers::default();
        for value in values {
            numbers.see(value, 1);
        }
        numbers
    }

    #[test]
    fn the_way_of_writing_follows_from_all_values() {
        for (values, marks, scale) in [
            (&["1", "23", "-4"][..], (None, None), 0),
            (&["1.5", "22.25"], (Some('.'), None), 2),
            (&["1,5", "22"], (Some(','), None), 1),
            (&["1.250,50", "300"], (Some(','), Some('.')), 2),
            (&["1,250.50", "300"], (Some('.'), Some(',')), 2),
            (&["200.000.000"], (None, Some('.')), 0),
            (&["1 250,50"], (Some(','), Some(' ')), 2),
            (&[".5", ".0025"], (Some('.'), None), 4),
            (&["1.250", "2.5"], (Some('.'), None), 3),
        ] {
            let chosen = seen(values).choose(None).unwrap();
            assert_eq!(
                (chosen.marks, chosen.scale, chosen.doubtful),
                (marks, scale, 0),
                "{values:?}"
            );
            assert_eq!(chosen.fits, values.len() as u64);
        }
    }

    #[test]
    fn one_mark_with_three_digits_is_doubtful_unless_other_columns_decide() {
        let numbers = seen(&["1.250", "3.000", "12"]);
        let chosen = numbers.choose(None).unwrap();
        assert_eq!((chosen.marks, chosen.doubtful), ((None, Some('.')), 2));
        let decided = numbers.choose(Some(',')).unwrap();
        assert_eq!((decided.marks, decided.doubtful), ((None, Some('.')), 0));
        let other = numbers.choose(Some('.')).unwrap();
        assert_eq!((other.marks, other.doubtful), ((Some('.'), None), 0));
        assert_eq!(numbers.proves(), None);
        assert_eq!(seen(&["1,25"]).proves(), Some(','));
    }

    #[test]
    fn what_is_no_number_is_not_counted() {
        for text in ["", "-", "1.2.3", "1,2,3", "12a", "1..2", "1.", "--1", "€ 12", "1,25,000"] {
            let numbers = seen(&[text]);
            assert_eq!(numbers.choose(None).map(|chosen| chosen.fits), None, "{text}");
        }
        assert_eq!(seen(&["1E5", "2.5e-3"]).floats(), 2);
    }

    #[test]
    fn signs_behind_and_needless_zeros_are_seen() {
        assert!(seen(&["12-", "3", "4,5-"]).choose(None).unwrap().trailing);
        assert!(!seen(&["-12", "3"]).choose(None).unwrap().trailing);
        assert_eq!(seen(&["007", "1", "0"]).zeros(), 1);
        assert_eq!(seen(&["12345", "54321"]).fixed_digits(), Some((5, 2)));
        assert_eq!(seen(&["1", "54321"]).fixed_digits(), None);
    }
}
