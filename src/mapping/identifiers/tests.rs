use super::Identifier::{self, *};

/// Numbers that authorities, standards and organisations publish, and those that a rule's own text gives as examples.
const PUBLISHED: &[(Identifier, &[&str])] = &[
    // Examples of the ministry; the number 00000000 is nobody's.
    (Nif, &["12345678Z", "00000000T", "99999999R", "K0867756N", "L0867756N", "M1234567L"]),
    (Nie, &["X1234567L", "Y1234567X", "Z1234567R"]),
    // A. Canal de Isabel II, municipality of Madrid, Universidad Complutense, Banco de España, Telefónica.
    (Cif, &["A58818501", "P2807900B", "Q2818014I", "Q2802472G", "A28015865", "Q2826000H"]),
    (SpanishTaxId, &["A58818501", "12345678Z", "X1234567L"]),
    // Ministry, municipality of Madrid, region, university, court, office, unit of economic management.
    (
        Dir3,
        &[
            "E04921301",
            "L01280796",
            "A13002908",
            "U01300001",
            "J00001017",
            "O00001010",
            "GE0001234",
            "LA0001234",
        ],
    ),
    (SpanishPostcode, &["28013", "01001", "52006"]),
    (Curp, &["SABC560626MDFLRN01", "BOXW310820HNERXN09", "HEGG560427MVZRRL04"]),
    // SAT, CFE, PEMEX, UNAM, the specimen of SAT for a person, and the two generic ones.
    (
        Rfc,
        &[
            "SAT970701NN3",
            "CFE370814QI0",
            "UNA2907227Y5",
            "GODE561231GR8",
            "XAXX010101000",
            "XEXX010101000",
        ],
    ),
    (Clabe, &["032180000118359719", "002010077777777771"]),
    (MexicanPostcode, &["06000", "01000", "99999"]),
    // INSEE's example, Peugeot, Google France, La Poste.
    (Siren, &["732829320", "552100554", "443061841", "356000000"]),
    (Siret, &["73282932000074", "35600000000048", "35600000049837"]),
    // The example of INSEE, and two of Corsica with their key computed by hand.
    (Nir, &["255081416802538", "180052A00400135", "180052B00400162"]),
    (FrenchPostcode, &["75007", "20000", "97400", "98000", "00100"]),
    // Examples of the IBAN register.
    (
        Iban,
        &[
            "ES9121000418450200051332",
            "GB29NWBK60161331926819",
            "FR1420041010050500013M02606",
            "DE89370400440532013000",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
            "BR1800360305000010009795493C1",
            "LC55HEMM000100010012001200023015",
        ],
    ),
    // Apple, Deutsche Bank, GLEIF.
    (Lei, &["HWUPKR0MPOU8FGXBT394", "7LTWFZYICNSX8D621K86", "506700GE1G29325QX363"]),
    (Luhn, &["79927398713", "18"]),
    (Eori, &["DE1234567", "ESA28015865", "FR73282932000074", "XI123456789000", "IT00743110157"]),
    (
        EuropeanVat,
        &[
            "ATU13585627",
            "BE0403019261",
            "BG175074752",
            "CY10259033P",
            "CZ25123891",
            "DE136695976",
            "DK13585628",
            "EE100931558",
            "EL094259216",
            "ESA28015865",
            "FI20774740",
            "FR40303265045",
            "HR33392005961",
            "HU12892312",
            "IE6433435F",
            "IE6433435OA",
            "IE8D79739I",
            "IT00743110157",
            "LT119511515",
            "LU15027442",
            "LV40003521600",
            "MT11679112",
            "NL004495445B01",
            "PL8567346215",
            "PT501964843",
            "RO18547290",
            "SE123456789701",
            "SI50223054",
            "SK2022749619",
            "XI123456789",
            "XIGD001",
        ],
    ),
    (Gtin, &["4006381333931", "73513537", "036000291452", "10614141000415"]),
    (Ean13, &["4006381333931", "5901234123457"]),
    (Isbn, &["9783161484100", "0306406152", "080442957X", "9791034904235"]),
    (
        Email,
        &["ayuntamiento@example.es", "a.b+c@sub.example.org", "o'hara_1@xn--espaa-rta.example"],
    ),
    // Numbers kept for fiction by Ofcom, the NANPA and ARCEP.
    (Phone, &["+442079460123", "+12025550123", "+33199001234", "+2904123"]),
];

#[test]
fn published_numbers_hold() {
    for (word, identifier) in Identifier::WORDS {
        let known = PUBLISHED.iter().find(|(known, _)| known == identifier);
        let (_, numbers) = known.unwrap_or_else(|| panic!("{word} has no published number"));
        for number in *numbers {
            assert!(identifier.holds(number), "{word}: {number}");
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

/// Those whose rule promises that one wrong digit is always found.
const PROMISING: &[Identifier] =
    &[Nif, Nie, Cif, Clabe, Siren, Nir, Iban, Lei, Luhn, Gtin, Ean13, Isbn];

#[test]
fn one_wrong_digit_is_always_found_where_the_rule_promises_it() {
    let mut tried = 0;
    for identifier in PROMISING {
        let (_, numbers) = PUBLISHED.iter().find(|(known, _)| known == identifier).unwrap();
        for number in *numbers {
            let mut valid = more(*identifier, number);
            assert!(!valid.is_empty(), "{number} has no neighbours");
            valid.push((*number).to_owned());
            for number in &valid {
                for wrong in changed(number) {
                    tried += 1;
                    assert!(
                        !identifier.holds(&wrong),
                        "{}: {number} and {wrong}",
                        identifier.name()
                    );
                }
            }
        }
    }
    assert!(tried > 200_000, "{tried} changes were tried");
}

#[test]
fn one_wrong_digit_of_a_vat_number_is_found_where_the_country_publishes_its_rule() {
    let (_, numbers) = PUBLISHED.iter().find(|(known, _)| *known == EuropeanVat).unwrap();
    // A product of a weight and a digit vanishes by 11 nowhere and by 37 nowhere; by 10 only with another weight.
    let promising = ["AT", "BE", "DE", "DK", "EE", "FI", "HR", "HU", "IT", "LU", "SK"];
    for number in numbers.iter().filter(|number| promising.contains(&&number[..2])) {
        for wrong in changed(number) {
            assert!(!EuropeanVat.holds(&wrong), "{number} and {wrong}");
        }
    }
}

#[test]
fn every_published_number_fails_when_it_is_cut_lengthened_or_spaced() {
    for (identifier, numbers) in PUBLISHED {
        // Their length is not fixed, or not checked.
        if matches!(identifier, Luhn | Eori | EuropeanVat | Email | Phone | Gtin | Isbn) {
            continue;
        }
        for number in *numbers {
            let spaced = [format!(" {number}"), format!("{number} "), format!("{number}0")];
            for wrong in
                spaced.iter().map(String::as_str).chain([&number[1..], &number[..number.len() - 1]])
            {
                assert!(!identifier.holds(wrong), "{}: {wrong:?}", identifier.name());
            }
            let lower = number.to_lowercase();
            assert!(lower == **number || !identifier.holds(&lower), "{lower}");
        }
    }
}

#[test]
fn what_no_rule_allows_is_refused() {
    for (identifier, wrong) in [
        (Nif, &["12345678A", "0000000T", "X1234567L", "1234567L"][..]),
        (Nie, &["X1234567M", "Z1234567L", "W1234567L"]),
        (Cif, &["A58818502", "Q2826000A", "P28079001", "I58818501"]),
        (Dir3, &["X04921301", "L0128079", "L012807966", "L0128079A", "LAA001234", "GX0001234"]),
        (SpanishPostcode, &["00001", "53001", "2801", "280130"]),
        // The check digit, a month, a leap day of 1900, the sex, the state, a vowel for a consonant.
        (
            Curp,
            &[
                "SABC560626MDFLRN02",
                "SABC561326MDFLRN01",
                "SABC000229MDFLRN01",
                "SABC560626ADFLRN01",
                "SABC560626MXXLRN01",
                "SABC560626MDFLAN01",
                "SABC560626MDFLRN0A",
            ],
        ),
        (Rfc, &["SAT970701NN4", "SAT971301NN3", "GODE561231", "1AT970701NN3", "XAXX010101001"]),
        (Clabe, &["032180000118359718", "03218000011835971"]),
        (MexicanPostcode, &["00999", "1000"]),
        (Siren, &["000000000", "732829321"]),
        (Siret, &["35600000049838", "00000000000000", "73282932000075"]),
        (Nir, &["255081416802539", "955081416802538", "255131416802538", "180052C00400157"]),
        (FrenchPostcode, &["00000", "96000", "99100"]),
        // Check digits, length for the country, a country without any.
        (
            Iban,
            &["ES9121000418450200051333", "ES912100041845020005133", "US9121000418450200051332"],
        ),
        (Lei, &["HWUPKR0MPOU8FGXBT395", "HWUPKR0MPOU8FGXBT3AA"]),
        (Luhn, &["0", "", "79927398714", "7992-7398-713"]),
        (Eori, &["US1234567", "DE", "DE1234567890123456", "ESA28015866", "FR73282932000075"]),
        (EuropeanVat, &["GB123456789", "GR094259216", "EL094259217", "ESA28015866", "DE000000000"]),
        (Gtin, &["4006381333932", "400638133393"]),
        (Ean13, &["73513537"]),
        (Isbn, &["9773161484100", "0306406153", "X306406152", "978-3-16-148410-0"]),
        (
            Email,
            &[
                "example.es",
                "@example.es",
                "a@",
                "a@localhost",
                "a..b@example.es",
                ".a@example.es",
                "a@b@c.es",
                "\"a b\"@example.es",
                "a@[192.0.2.1]",
                "a@192.0.2.1",
                "a@-b.es",
                "ñ@example.es",
                "a b@example.es",
                "a@example.e",
                "a@.es",
                "a@b..es",
            ],
        ),
        (
            Phone,
            &[
                "+0123456789",
                "442079460123",
                "+44 20 7946 0123",
                "+123456",
                "+1234567890123456",
                "+",
            ],
        ),
    ] {
        for text in wrong {
            assert!(!identifier.holds(text), "{}: {text}", identifier.name());
        }
    }
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
            "ññññññññññññññññññ",
        ] {
            assert!(!identifier.holds(text) || *identifier == Luhn, "{word}: {text}");
        }
    }
    assert!(!Nif.holds("ñ345678Z"));
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
