use proptest::{prelude::*, sample::select};

use super::*;
use crate::mapping::value::Sum;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn shown(decimal: Option<Decimal>) -> String {
    decimal.map_or_else(|| "none".to_owned(), |decimal| decimal.to_string())
}

#[test]
fn products_keep_the_digits_of_both_and_never_round() {
    assert_eq!(shown(decimal("1.50").checked_mul(decimal("2.0"))), "3.000");
    let wide = decimal("12345678901234567890.5");
    assert_eq!(shown(wide.checked_mul(wide)), "none");
    assert_eq!(
        shown(decimal("9999999999999999999").checked_mul(decimal("-1.000"))),
        "-9999999999999999999.000"
    );
}

#[test]
fn quotients_have_the_digits_that_postgresql_gives_them() {
    // Each from a PostgreSQL 15: `SELECT 1::numeric / 3`, and so on.
    for (above, below, quotient) in [
        ("1", "3", "0.33333333333333333333"),
        ("10", "4", "2.5000000000000000"),
        ("2", "3", "0.66666666666666666667"),
        ("-2", "3", "-0.66666666666666666667"),
        ("100000", "7", "14285.714285714286"),
        ("1250.50", "12", "104.2083333333333333"),
        ("0", "5", "0.00000000000000000000"),
    ] {
        assert_eq!(shown(decimal(above).checked_div(decimal(below))), quotient, "{above}/{below}");
    }
    assert_eq!(decimal("1").checked_div(decimal("0.00")), None);
}

#[test]
fn remainders_have_the_sign_of_the_dividend() {
    assert_eq!(shown(decimal("-7.5").checked_rem(decimal("2"))), "-1.5");
    assert_eq!(shown(decimal("7.50").checked_rem(decimal("-2"))), "1.50");
}

#[test]
fn rounding_goes_half_away_from_zero_on_both_sides_of_the_point() {
    for (number, digits, rounded, truncated) in [
        ("2.5", 0, "3", "2"),
        ("-2.5", 0, "-3", "-2"),
        ("1.005", 2, "1.01", "1.00"),
        ("1.5", 3, "1.500", "1.500"),
        ("1250", -2, "1300", "1200"),
        ("49", -2, "0", "0"),
        ("50", -2, "100", "0"),
        ("99999999999999999999999999999999999999", -60, "0", "0"),
    ] {
        assert_eq!(shown(decimal(number).rounded(digits)), rounded, "round({number},{digits})");
        assert_eq!(shown(decimal(number).truncated(digits)), truncated);
    }
}

#[test]
fn whole_numbers_next_to_a_decimal() {
    assert_eq!(decimal("-1.2").ceil().to_string(), "-1");
    assert_eq!(decimal("-1.2").floor().to_string(), "-2");
    assert_eq!(decimal("1.2").ceil().to_string(), "2");
    assert_eq!(decimal("1.2").floor().to_string(), "1");
}

#[test]
fn only_the_sum_must_fit_and_not_what_is_added() {
    for (a, b, sum) in [
        (
            "10000000000000000000000000000000000000",
            "-0.1",
            "9999999999999999999999999999999999999.9",
        ),
        (
            "19000000000000000000000000000000000000",
            "-9500000000000000000000000000000000000.5",
            "9499999999999999999999999999999999999.5",
        ),
        ("99999999999999999999999999999999999999", "-0.1", "none"),
        ("99999999999999999999999999999999999999", "1", "none"),
        (
            "99999999999999999999999999999999999999",
            "0.00000000000000000000000000000000000001",
            "none",
        ),
    ] {
        let (a, b) = (decimal(a), decimal(b));
        assert_eq!(shown(a.checked_add(b)), sum);
        assert_eq!(shown(b.checked_add(a)), sum);
        assert_eq!(shown(a.checked_sub(-b)), sum);
        let both = [a, b].into_iter().chain(std::iter::repeat_n(a, 400));
        assert_eq!(shown(total(both.chain(std::iter::repeat_n(-a, 400)))), sum);
    }
    assert_eq!(shown(total([decimal("0.00"), decimal("0")])), "0.00");
    assert_eq!(shown(total([decimal("0.00"), decimal("7"), decimal("-7")])), "0.00");
}

fn total(numbers: impl IntoIterator<Item = Decimal>) -> Option<Decimal> {
    let mut sum = Sum::default();
    numbers.into_iter().for_each(|number| sum.add(number));
    sum.total()
}

/// The plainest of means: 256 bits for everything, and texts.
mod plain {
    use super::{Decimal, I256};

    pub(super) fn ten(exponent: i32) -> I256 {
        I256::from(10).pow(exponent as u32)
    }

    pub(super) fn fits(mantissa: I256, scale: u8) -> Option<(i128, u8)> {
        (scale <= 38 && mantissa.abs() < ten(38)).then(|| (mantissa.as_i128(), scale))
    }

    pub(super) fn at(number: Decimal, scale: u8) -> I256 {
        I256::from(number.mantissa) * ten(i32::from(scale - number.scale))
    }

    pub(super) fn rounded(above: I256, below: I256) -> I256 {
        let (whole, rest) = (above / below, above % below);
        let away = if (above < 0) == (below < 0) { I256::ONE } else { I256::MINUS_ONE };
        whole + if rest.abs() * I256::from(2) >= below.abs() { away } else { I256::ZERO }
    }

    pub(super) fn truncated(above: I256, below: I256) -> I256 {
        above / below
    }

    pub(super) fn floor(number: Decimal) -> I256 {
        let (above, one) = (I256::from(number.mantissa), ten(i32::from(number.scale)));
        let whole = above / one;
        if above % one < 0 { whole - I256::ONE } else { whole }
    }

    pub(super) fn at_digits(
        number: Decimal,
        digits: i32,
        divide: fn(I256, I256) -> I256,
    ) -> Option<(i128, u8)> {
        let scale = u8::try_from(digits.max(0)).ok().filter(|scale| *scale <= 38)?;
        let (above, cut) = (I256::from(number.mantissa), i32::from(number.scale) - digits);
        let kept = match cut {
            ..=0 => above * ten(-cut),
            1..=76 => divide(above, ten(cut)) * ten(-digits.min(0)),
            _ => I256::ZERO,
        };
        fits(kept, scale)
    }

    /// In groups of four digits, as they stand in the text of a number: the place of the first, and what it says.
    fn first_group(number: Decimal) -> (i32, i32) {
        let text = written(number.mantissa.abs(), number.scale);
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let (before, behind) = (whole.len().div_ceil(4), fraction.len().div_ceil(4));
        let digits = format!("{whole:0>0$}{fraction:0<1$}", before * 4, behind * 4);
        let mut groups = (0..before + behind).map(|at| digits[4 * at..4 * at + 4].parse().unwrap());
        let first = groups.by_ref().enumerate().find(|(_, group)| *group != 0);
        first.map_or((0, 0), |(at, group)| (before as i32 - 1 - at as i32, group))
    }

    pub(super) fn quotient(a: Decimal, b: Decimal) -> Option<(i128, u8)> {
        if b.mantissa == 0 {
            return None;
        }
        let ((place, first), (place_below, first_below)) = (first_group(a), first_group(b));
        let weight = place - place_below - i32::from(first <= first_below);
        let scale = (16 - 4 * weight).max(i32::from(a.scale.max(b.scale))).min(38);
        let shift = scale + i32::from(b.scale) - i32::from(a.scale);
        let above = I256::from(a.mantissa).checked_mul(ten(shift.max(0)))?;
        let below = I256::from(b.mantissa) * ten((-shift).max(0));
        fits(rounded(above, below), scale as u8)
    }

    pub(super) fn written(mantissa: i128, scale: u8) -> String {
        let scale = usize::from(scale);
        let digits = format!("{:0>1$}", mantissa.unsigned_abs(), scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let (sign, point) = (if mantissa < 0 { "-" } else { "" }, if scale > 0 { "." } else { "" });
        format!("{sign}{whole}{point}{fraction}")
    }
}

/// Whole numbers of at most 38 digits, most of them where a type or a power of ten ends, or where that times one does.
fn mantissa() -> impl Strategy<Value = i128> {
    let limit = 10i128.pow(38);
    let ends = [
        1 << 31,
        1 << 53,
        i128::from(i64::MAX),
        i128::from(u64::MAX),
        limit - 1,
        limit / 2,
        i128::MAX,
    ];
    let parts = |end: i128| (0..38).map(move |exponent| end / 10i128.pow(exponent));
    let borders: Vec<i128> = ends.into_iter().flat_map(parts).chain([0]).collect();
    let near = (select(borders), -2..=2i128, any::<bool>()).prop_map(|(border, by, negative)| {
        let number = border.saturating_add(by);
        if negative { -number } else { number }
    });
    let any_size = (any::<i128>(), 0..128u32).prop_map(|(number, shift)| number >> shift);
    prop_oneof![3 => near, 1 => any_size].prop_map(move |number| number % limit)
}

fn number() -> impl Strategy<Value = Decimal> {
    let scale = prop_oneof![4 => 0..=38u8, 2 => 0..=3u8, 1 => Just(38)];
    (mantissa(), scale).prop_map(|(mantissa, scale)| Decimal { mantissa, scale })
}

fn exact(number: Option<Decimal>) -> Option<(i128, u8)> {
    number.map(|number| (number.mantissa, number.scale))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn arithmetic_is_that_of_256_bits(a in number(), b in number()) {
        let scale = a.scale.max(b.scale);
        let (wide_a, wide_b) = (plain::at(a, scale), plain::at(b, scale));
        prop_assert_eq!(exact(a.checked_add(b)), plain::fits(wide_a + wide_b, scale));
        prop_assert_eq!(exact(a.checked_sub(b)), plain::fits(wide_a - wide_b, scale));
        let product = I256::from(a.mantissa) * I256::from(b.mantissa);
        prop_assert_eq!(exact(a.checked_mul(b)), plain::fits(product, a.scale + b.scale));
        prop_assert_eq!(exact(a.checked_div(b)), plain::quotient(a, b));
        let rest = (b.mantissa != 0).then(|| wide_a % wide_b);
        prop_assert_eq!(exact(a.checked_rem(b)), rest.and_then(|rest| plain::fits(rest, scale)));
        prop_assert_eq!(a.cmp(&b), wide_a.cmp(&wide_b));
        prop_assert_eq!(a == b, wide_a == wide_b);
    }

    #[test]
    fn sums_are_those_of_256_bits_in_any_order(
        numbers in proptest::collection::vec(number(), 0..6),
    ) {
        let scale = numbers.iter().map(|number| number.scale).max().unwrap_or(0);
        let sum = numbers.iter().map(|number| plain::at(*number, scale)).sum::<I256>();
        let sum = plain::fits(sum, scale);
        prop_assert_eq!(exact(total(numbers.iter().copied())), sum);
        prop_assert_eq!(exact(total(numbers.into_iter().rev())), sum);
    }

    #[test]
    fn other_digits_after_the_point_are_those_of_256_bits(
        number in number(), scale in 0..=40u8, digits in -80..=80i32,
    ) {
        let same = (scale <= 38).then_some(()).and_then(|()| {
            let wide = plain::at(number, 38);
            let cut = plain::ten(38 - i32::from(scale));
            (wide % cut == 0).then(|| plain::fits(wide / cut, scale)).flatten()
        });
        prop_assert_eq!(exact(number.with_scale(scale)), same);
        let rounded = plain::at_digits(number, digits, plain::rounded);
        prop_assert_eq!(exact(number.rounded(digits)), rounded);
        let truncated = plain::at_digits(number, digits, plain::truncated);
        prop_assert_eq!(exact(number.truncated(digits)), truncated);
        let floor = plain::floor(number);
        prop_assert_eq!(exact(Some(number.floor())), plain::fits(floor, 0));
        prop_assert_eq!(exact(Some(number.ceil())), plain::fits(-plain::floor(-number), 0));
        let whole = (I256::from(number.mantissa) / plain::ten(i32::from(number.scale))).abs();
        let figures = if whole == 0 { 0 } else { whole.to_string().len() };
        prop_assert_eq!(usize::from(number.integer_digits()), figures);
    }

    #[test]
    fn what_is_written_is_every_digit(number in number()) {
        let plain = plain::written(number.mantissa, number.scale);
        let mut written = Vec::new();
        number.write(&mut written);
        prop_assert_eq!(std::str::from_utf8(&written), Ok(plain.as_str()));
        prop_assert_eq!(number.to_string(), plain.clone());
        prop_assert_eq!(exact(Decimal::parse(&plain)), exact(Some(number)));
        // Bit by bit: the nearest float is one, not one of several.
        prop_assert_eq!(number.to_f64().to_bits(), plain.parse::<f64>().unwrap().to_bits());
    }
}
