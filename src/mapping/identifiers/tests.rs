use std::fmt::Write as _;

use super::Identifier::{self, *};

/// Numbers that must hold and numbers that must not, each with its reason: `check,value,verdict,why`.
const VECTORS: &str = include_str!("vectors.csv");

/// A line of the vectors: check, value, whether it holds, why.
fn vectors() -> impl Iterator<Item = (Identifier, &'static str, bool, &'static str)> {
    VECTORS.lines().skip(1).map(|line| {
        let [word, value, verdict, why] = *line.split(',').collect::<Vec<_>>() else {
            panic!("{line}")
        };
        let (_, identifier) = Identifier::WORDS.iter().find(|(known, _)| *known == word).unwrap();
        assert!(matches!(verdict, "holds" | "fails") && !why.is_empty(), "{line}");
        (*identifier, value, verdict == "holds", why)
    })
}

fn holding(identifier: Identifier) -> impl Iterator<Item = &'static str> {
    let all = vectors().filter(move |(other, _, holds, _)| *other == identifier && *holds);
    all.map(|(_, value, _, _)| value)
}

#[test]
fn every_vector_has_its_verdict() {
    for (identifier, value, holds, why) in vectors() {
        assert_eq!(identifier.holds(value), holds, "{}: {value:?}, {why}", identifier.name());
    }
}

#[test]
fn every_check_has_vectors_of_each_kind() {
    for (word, identifier) in Identifier::WORDS {
        let refused = |kind: &str| {
            let all = vectors().filter(|(other, _, holds, _)| other == identifier && !holds);
            all.filter(|(_, _, _, why)| why.starts_with(kind)).count()
        };
        assert!(holding(*identifier).count() >= 5 && refused("") >= 5, "{word}");
        assert!(refused("blank") >= 2, "{word}: blanks");
        assert!(*identifier == Email || refused("length") >= 1, "{word}: length");
        let letters = holding(*identifier).any(|value| value.to_lowercase() != value);
        assert!(!letters || *identifier == Email || refused("lower") > 0, "{word}: case");
        if promise(*identifier) == "always" && *identifier != Luhn {
            assert!(refused("transposed") >= 1, "{word}: transposition");
            assert!(refused("one digit") >= 1, "{word}: one digit");
        }
    }
}

/// Every text in which one digit of `text` is another.
fn changed(text: &str) -> impl Iterator<Item = String> {
    text.char_indices().filter(|(_, char)| char.is_ascii_digit()).flat_map(move |(at, old)| {
        ('0'..='9').filter(move |new| *new != old).map(move |new| {
            let mut changed = text.to_owned();
            changed.replace_range(at..=at, &new.to_string());
            changed
        })
    })
}

/// Numbers made of a valid one by changing two digits, if they are valid again.
fn more(identifier: Identifier, text: &str) -> Vec<String> {
    let both = changed(text).flat_map(|once| changed(&once).collect::<Vec<_>>());
    both.filter(|number| identifier.holds(number)).take(200).collect()
}

/// Countries whose rule promises that one wrong digit of a VAT number is found. Elsewhere remainders share a check digit,
/// several rules stand beside each other, or digits are outside the check.
const PROMISING_COUNTRIES: &str = "AT BE CY DE DK EE ES FI FR HR HU IE IT LU MT PL SI SK";

/// Whether one wrong digit is found.
fn promise(identifier: Identifier) -> &'static str {
    match identifier {
        Nif | Nie | Cif | SpanishTaxId | Clabe | Siren | Nir | Iban | Lei | Luhn | Gtin | Ean13
        | Isbn => "always",
        Siret => "always, but of La Poste",
        Rfc => "always, but in the generic ones",
        Curp => "mostly",
        EuropeanVat => {
            "always in AT BE CY DE DK EE ES FI FR HR HU IE IT LU MT PL SI SK, elsewhere mostly"
        }
        Eori => "in numbers of ES and FR",
        Dir3 | SpanishPostcode | MexicanPostcode | FrenchPostcode | PortuguesePostcode
        | GermanPostcode | ItalianPostcode | AmericanPostcode | Email | Phone => "form only",
    }
}

/// Whether the promise of its kind includes this number.
fn is_promised(identifier: Identifier, number: &str) -> bool {
    match identifier {
        Siret => !number.starts_with("356000000"),
        Rfc => !number.ends_with("010101000"),
        // A key with a letter is taken by form.
        EuropeanVat => {
            PROMISING_COUNTRIES.split(' ').any(|country| number.starts_with(country))
                && !number.starts_with("FRK")
        }
        _ => promise(identifier) == "always",
    }
}

#[test]
fn one_wrong_digit_is_always_found_where_the_rule_promises_it() {
    let mut tried = 0;
    for (identifier, number, _, _) in vectors().filter(|(_, _, holds, _)| *holds) {
        if !is_promised(identifier, number) {
            continue;
        }
        let mut valid = more(identifier, number);
        assert!(!valid.is_empty(), "{number} has no neighbours");
        valid.retain(|number| is_promised(identifier, number));
        valid.push(number.to_owned());
        for number in &valid {
            for wrong in changed(number) {
                tried += 1;
                assert!(!identifier.holds(&wrong), "{}: {number} and {wrong}", identifier.name());
            }
        }
    }
    assert!(tried > 1_000_000, "{tried} changes were tried");
    let vat = promise(EuropeanVat);
    assert!(vat.contains(PROMISING_COUNTRIES), "{vat}");
}

#[test]
fn every_country_with_vat_numbers_has_one_that_holds() {
    let eu = "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI";
    for country in eu.split(' ') {
        let mut numbers = holding(EuropeanVat).filter(|number| number.starts_with(country));
        let number = numbers.next().unwrap_or_else(|| panic!("{country} has no number"));
        let found =
            changed(&number[2..]).filter(|wrong| EuropeanVat.holds(&format!("{country}{wrong}")));
        let (found, all) = (found.count(), changed(&number[2..]).count());
        assert!(found * 2 < all, "{country} takes {found} of {all} changes");
    }
}

#[test]
fn the_register_of_ibans_has_89_countries() {
    let filler = "0".repeat(34);
    let mut countries = 0;
    for a in 'A'..='Z' {
        for b in 'A'..='Z' {
            let lengths = (15..=33usize).filter(|length| {
                // Some pair of check digits fits every account.
                (2..=98).any(|check| {
                    let text = format!("{a}{b}{check:02}{}", &filler[..length - 4]);
                    Iban.holds(&text)
                })
            });
            let lengths = lengths.count();
            assert!(lengths <= 1, "{a}{b} has {lengths} lengths");
            countries += lengths;
        }
    }
    assert_eq!(countries, 89);
}

#[test]
fn la_poste_has_its_own_rule_and_nobody_else() {
    assert!(Siret.holds("35600000049837"));
    assert!(!Luhn.holds("35600000049837"));
    // A sum of digits of 45, of another enterprise.
    let other = (0..100_000u32)
        .map(|tail| format!("732829320{tail:05}"))
        .filter(|siret| siret.bytes().map(|byte| u32::from(byte - b'0')).sum::<u32>() % 5 == 0)
        .find(|siret| !Luhn.holds(siret))
        .unwrap();
    assert!(!Siret.holds(&other));
}

#[test]
fn odd_texts_are_refused_without_a_panic() {
    for (word, identifier) in Identifier::WORDS {
        for text in [
            "",
            "Z",
            "ñ2345678Z",
            "ÑÑÑ010101AAA",
            "99999999999999999999999999999999",
            "ESññ",
            "FR\u{0}",
            "@",
            "+",
            ".",
            "-",
            "ññññññññññññññññññ",
        ] {
            assert!(!identifier.holds(text) || *identifier == Luhn, "{word}: {text}");
        }
    }
    assert!(!Nif.holds("ñ345678Z"));
    for country in ["AT", "BG", "CY", "CZ", "IE", "LT", "LV", "NL", "RO", "XI"] {
        for rest in ["", "0", "ñ", "ññññ", "99999999999999999999", "GD", "B00", "U"] {
            assert!(!EuropeanVat.holds(&format!("{country}{rest}")), "{country}{rest}");
        }
    }
}

#[test]
fn the_help_names_every_check() {
    for (word, identifier) in Identifier::WORDS {
        assert!(super::HELP.contains(&format!("`{word}` ")), "{word}");
        assert_eq!(identifier.name(), *word);
    }
    let personal = ["es.nif", "es.nie", "es.tax_id", "mx.curp", "mx.rfc", "fr.nir"];
    let national = Identifier::WORDS.iter().filter(|(_, identifier)| identifier.is_national_id());
    assert!(national.map(|(word, _)| *word).eq(personal));
}

/// The list of checks for those who write mappings.
fn document() -> String {
    let mut text = "\
# Checks

Generated from the code; `UPDATE_GENERATED=1 cargo test --lib mapping::identifiers` writes it.

`check: es.nif` says that a value must be such an identifier, `on_fail: reject`, `flag` or `null` what becomes of one that
is not. Letters are upper case, without blanks and separators: `strip` and `case` bring that about. A check says whether a
text *can* be the identifier, never whether somebody has it. The last column says whether one wrong digit is found.
Identifiers marked with * name a person to the state: a mapping must protect them.

| check | what it takes | rule | holds | does not | one wrong digit |
|---|---|---|---|---|---|
"
    .to_owned();
    for ((word, identifier), (_, what, rule)) in Identifier::WORDS.iter().zip(super::LIST) {
        let mark = if identifier.is_national_id() { "*" } else { "" };
        let holds = holding(*identifier).next().unwrap();
        let (_, fails, _, why) = vectors()
            .find(|(other, value, holds, _)| {
                other == identifier && !holds && value.trim() == *value && !value.is_empty()
            })
            .unwrap();
        let promise = promise(*identifier);
        writeln!(
            text,
            "| `{word}`{mark} | {what} | {rule} | `{holds}` | `{fails}` ({why}) | {promise} |"
        )
        .unwrap();
    }
    text
}

#[test]
fn the_documented_list_is_in_step_with_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/mappings/checks.md");
    let text = document();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == text,
        "mappings/checks.md is out of step: run the test again with UPDATE_GENERATED=1"
    );
}
