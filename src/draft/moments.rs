//! Which patterns of dates and times a column's values fit.
//!
//! Every candidate is read by the very decoder that a mapping would use, so that a draft and a run agree. What a value
//! begins with, what stands between its parts and whether it has a time select the few candidates that are tried.

use crate::mapping::{
    decode::{DecodeSpec, Decoder, Language, compile},
    value::{TICKS_PER_DAY, Type, Value, civil_of},
};

/// A way of writing moments.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) kind: Type,
    /// None is ISO 8601.
    pub(super) format: Option<String>,
    pub(super) language: Option<Language>,
    pub(super) pivot: Option<u8>,
    gate: Gate,
    decoder: Decoder,
}

/// What a value shows at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Gate {
    /// Digits that it begins with; 1 and 2 are the same.
    lead: usize,
    /// The first character behind them; 0 if there is none, `a` for any letter.
    mark: u8,
    /// Whether it has a time of day.
    timed: bool,
}

/// All candidates, those that are meant more often first: of several that fit, the first is taken.
#[derive(Debug)]
pub(super) struct Ways(Vec<Way>);

/// How many values of a column fit each candidate.
#[derive(Debug, Clone, Default)]
pub(super) struct Moments {
    fits: Vec<u64>,
    /// Values that each was tried on, and those that it read, however often they stand there.
    tried: Vec<u64>,
    read: Vec<u64>,
}

impl Ways {
    /// Makes them; once for all columns.
    pub(super) fn new() -> Self {
        let mut ways = Self(Vec::new());
        ways.iso();
        ways.digits();
        for mark in ['/', '-', '.', ' '] {
            ways.days(mark);
        }
        for language in
            [None, Some(Language::Spanish), Some(Language::French), Some(Language::German)]
        {
            ways.months(language);
        }
        ways
    }

    pub(super) fn get(&self, at: usize) -> &Way {
        &self.0[at]
    }

    fn add(&mut self, kind: Type, format: Option<String>, language: Option<Language>, gate: Gate) {
        let short = format.as_ref().is_some_and(|format| {
            format.contains("YY") && !format.contains("YYYY") && !format.contains('C')
        });
        let pivot = short.then_some(PIVOT);
        let spec =
            DecodeSpec { format: format.clone(), language, pivot, ..DecodeSpec::of(kind.clone()) };
        // Every pattern here compiles, which a test holds; one that did not would be of no use.
        if let Ok(decoder) = compile(&spec) {
            self.0.push(Way { kind, format, language, pivot, gate, decoder });
        }
    }

    fn iso(&mut self) {
        let gate = |timed| Gate { lead: 4, mark: b'-', timed };
        self.add(Type::Date, None, None, gate(false));
        self.add(Type::Date, Some("YYYY-MM-DD \"00:00:00\"".into()), None, gate(true));
        self.add(Type::Date, Some("YYYY-MM-DD\"T00:00:00\"".into()), None, gate(true));
        self.add(Type::Timestamp, None, None, gate(true));
        self.add(Type::Instant, None, None, gate(true));
        let clock = Gate { lead: 2, mark: b':', timed: true };
        for format in [
            None,
            Some("HH24:MI"),
            Some("FMHH24:MI"),
            Some("FMHH24:MI:SS"),
            Some("HH12:MI AM"),
            Some("FMHH12:MI AM"),
        ] {
            self.add(Type::Time, format.map(str::to_owned), None, clock);
        }
    }

    fn digits(&mut self) {
        for (format, lead, kind) in [
            ("YYYYMMDD", 8, Type::Date),
            ("DDMMYYYY", 8, Type::Date),
            ("YYYYMMDDHH24MISS", 14, Type::Timestamp),
            ("FMCYYMMDD", 7, Type::Date),
            ("FMCYYMMDD", 6, Type::Date),
            ("YYMMDD", 6, Type::Date),
            ("DDMMYY", 6, Type::Date),
            ("YYYYDDD", 7, Type::Date),
        ] {
            self.add(kind, Some(format.into()), None, Gate { lead, mark: 0, timed: false });
        }
    }

    fn days(&mut self, mark: char) {
        let dates = [
            ("DD#MM#YYYY", 2),
            ("MM#DD#YYYY", 2),
            ("FMDD#FMMM#YYYY", 2),
            ("FMMM#FMDD#YYYY", 2),
            ("YYYY#MM#DD", 4),
            ("YYYY#FMMM#FMDD", 4),
            ("DD#MM#YY", 2),
            ("MM#DD#YY", 2),
            ("FMDD#FMMM#YY", 2),
            ("FMMM#FMDD#YY", 2),
        ];
        let times = [
            " \"00:00:00\"",
            " HH24:MI:SS",
            " HH24:MI",
            " FMHH24:MI:SS",
            " FMHH24:MI",
            "\"T\"HH24:MI:SS",
            " HH24:MI:SS.MS",
            " HH24:MI:SS.US",
            " HH12:MI:SS AM",
            " HH12:MI AM",
            " FMHH12:MI:SS AM",
            " FMHH12:MI AM",
        ];
        let blank = mark == ' ';
        for (date, lead) in dates {
            let date = date.replace('#', &mark.to_string());
            let gate = |timed| Gate { lead, mark: mark as u8, timed };
            self.add(Type::Date, Some(date.clone()), None, gate(false));
            for (at, time) in times.iter().enumerate().filter(|_| !blank) {
                let kind = if at == 0 { Type::Date } else { Type::Timestamp };
                self.add(kind, Some(format!("{date}{time}")), None, gate(true));
            }
        }
    }

    fn months(&mut self, language: Option<Language>) {
        for mark in ["", "-", " ", "/", "."] {
            let gate = |timed| Gate { lead: 2, mark: mark.bytes().next().unwrap_or(b'a'), timed };
            for name in ["MON", "MONTH"] {
                for (day, year) in [("DD", "YYYY"), ("FMDD", "YYYY"), ("DD", "YY")] {
                    let format = format!("{day}{mark}{name}{mark}{year}");
                    self.add(Type::Date, Some(format.clone()), language, gate(false));
                    self.add(
                        Type::Timestamp,
                        Some(format!("{format} HH24:MI:SS")),
                        language,
                        gate(true),
                    );
                }
            }
        }
        if language == Some(Language::Spanish) {
            let gate = Gate { lead: 2, mark: b' ', timed: false };
            self.add(Type::Date, Some("FMDD \"de\" MONTH \"de\" YYYY".into()), language, gate);
        }
    }
}

/// Years of two digits below it are taken to be of the 2000s.
const PIVOT: u8 = 50;

/// What a value shows, if it may be a moment.
fn gate(text: &str) -> Option<Gate> {
    let bytes = text.as_bytes();
    if !(4..=40).contains(&bytes.len()) {
        return None;
    }
    let lead = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mark = match bytes.get(lead) {
        None => 0,
        Some(byte) if byte.is_ascii_alphabetic() => b'a',
        Some(byte) => *byte,
    };
    let lead = if lead == 1 { 2 } else { lead };
    let fits = match mark {
        0 => matches!(lead, 6 | 7 | 8 | 14),
        b'-' | b'/' | b'.' | b' ' | b':' | b'a' => matches!(lead, 2 | 4),
        _ => false,
    };
    fits.then(|| Gate { lead, mark, timed: bytes.contains(&b':') })
}

impl Moments {
    /// Takes a trimmed value that stands there `weight` times.
    pub(super) fn see(&mut self, ways: &Ways, text: &str, weight: u64) {
        const ENOUGH: u64 = 200;
        let Some(shown) = gate(text) else { return };
        if self.fits.is_empty() {
            self.fits.resize(ways.0.len(), 0);
            self.tried.resize(ways.0.len(), 0);
            self.read.resize(ways.0.len(), 0);
        }
        for (at, way) in ways.0.iter().enumerate().filter(|(_, way)| way.gate == shown) {
            // What has failed nearly always will not be chosen, and failing is slow.
            if self.tried[at] > ENOUGH && self.read[at] * 2 < self.tried[at] {
                continue;
            }
            self.tried[at] += 1;
            if way.decoder.decode(text).is_ok_and(|value| plausible(way, value)) {
                self.fits[at] += weight;
                self.read[at] += 1;
            }
        }
    }

    /// The candidates that fit most values, best first: how many fit, and which.
    pub(super) fn best(&self, ways: &Ways) -> (u64, Vec<usize>) {
        let mut fits = self.fits.clone();
        // The century of `FMCYYMMDD` may be missing: its values begin with six digits or with seven.
        let century: Vec<usize> = (0..fits.len())
            .filter(|at| ways.0[*at].format.as_deref() == Some("FMCYYMMDD"))
            .collect();
        if let [first, second] = century[..] {
            fits[first] = if fits[first] > 0 { fits[first] + fits[second] } else { 0 };
            fits[second] = 0;
        }
        let most = fits.iter().copied().max().unwrap_or_default();
        if most == 0 {
            return (0, Vec::new());
        }
        (most, (0..fits.len()).filter(|at| fits[*at] == most).collect())
    }
}

/// Whether digits that may be any number are a day that somebody may have written.
fn plausible(way: &Way, value: Value<'_>) -> bool {
    if way.gate.mark != 0 {
        return true;
    }
    let year = match value {
        Value::Date(days) => civil_of(days).year,
        Value::Timestamp(ticks) => civil_of(ticks.div_euclid(TICKS_PER_DAY) as i32).year,
        _ => return true,
    };
    (1850..=2150).contains(&year)
}

impl Way {
    /// Whether the text is nothing but digits.
    pub(super) fn is_digits(&self) -> bool {
        self.gate.mark == 0
    }

    /// How the pattern is shown to people.
    pub(super) fn shown(&self) -> &str {
        self.format.as_deref().unwrap_or(match self.kind {
            Type::Date => "YYYY-MM-DD",
            Type::Time => "HH24:MI:SS",
            Type::Timestamp => "ISO 8601 without a zone",
            _ => "ISO 8601",
        })
    }

    /// Whether the day comes before the month.
    pub(super) fn day_first(&self) -> Option<bool> {
        let format = self.format.as_deref()?;
        let (day, month) = (format.find("DD")?, format.find("MM")?);
        (!format.starts_with("YYYY")).then_some(day < month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(values: &[&str]) -> (u64, Vec<String>) {
        let ways = Ways::new();
        let mut moments = Moments::default();
        for value in values {
            moments.see(&ways, value, 1);
        }
        let (fits, best) = moments.best(&ways);
        (
            fits,
            best.iter()
                .map(|at| format!("{} {}", ways.get(*at).kind, ways.get(*at).shown()))
                .collect(),
        )
    }

    #[test]
    fn the_pattern_follows_from_all_values() {
        for (values, first) in [
            (&["2021-02-03", "2021-12-31"][..], "date YYYY-MM-DD"),
            (&["23/01/2019", "31/01/2019"], "date DD/MM/YYYY"),
            (&["01/23/2019", "12/31/2019"], "date MM/DD/YYYY"),
            (&["2018/03/31", "2018/3/31"], "date YYYY/FMMM/FMDD"),
            (&["20150708", "19990830"], "date YYYYMMDD"),
            (&["990505", "1050824", "1121018"], "date FMCYYMMDD"),
            (&["26MAY2014", "04OCT2017"], "date DDMONYYYY"),
            (&["5 de marzo de 2021"], "date FMDD \"de\" MONTH \"de\" YYYY"),
            (&["03-ENE-2020", "15-AGO-2020"], "date DD-MON-YYYY"),
            (&["2008-01-04T17:54:12"], "timestamp ISO 8601 without a zone"),
            (&["2020-01-01T15:00:00Z", "2020-01-01T15:00:00+03:00"], "timestamptz ISO 8601"),
            (&["31/01/2019 00:00:00", "01/02/2019 00:00:00"], "date DD/MM/YYYY \"00:00:00\""),
            (&["31/01/2019 10:00", "01/02/2019 00:00"], "timestamp DD/MM/YYYY HH24:MI"),
            (&["10:30", "23:59"], "time HH24:MI"),
            (&["31.12.20", "01.01.21"], "date DD.MM.YY"),
        ] {
            let (fits, ways) = best(values);
            assert_eq!((fits, ways[0].as_str()), (values.len() as u64, first), "{values:?}");
        }
    }

    #[test]
    fn a_day_and_a_month_that_may_be_either_are_both_told() {
        let (_, ways) = best(&["01/02/2020", "03/04/2021"]);
        assert_eq!(ways[..2], ["date DD/MM/YYYY", "date MM/DD/YYYY"]);
    }

    #[test]
    fn what_is_no_moment_fits_nothing() {
        for text in
            ["", "abc", "12345", "99999999", "31/02/2021", "2021-13-01", "1.234,56", "12-34"]
        {
            assert_eq!(best(&[text]).0, 0, "{text}");
        }
    }
}
