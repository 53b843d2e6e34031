//! Identifiers that the public rules of a country, a standard or a network can check.
//!
//! A check sees the text as it would be published: letters upper case, no blanks and no separators, which the text
//! verbs bring about (`strip`, `case`). It says whether the text *can* be such an identifier, never whether
//! somebody has it. Where an authority publishes no rule for the check digit, the form alone is checked, and the
//! list says so. `mappings/checks.md` shows the list with examples; a test writes it from here and from `vectors.csv`,
//! the numbers that must hold and those that must not.

mod contact;
mod digits;
mod finance;
mod france;
mod mexico;
mod postal;
mod spain;
mod trade;
mod vat;

/// Declares the identifiers: variant, word in mapping files, whether it identifies a person towards the state, the
/// function that checks it, what it is, and the rule. [`HELP`] lists them all for people.
macro_rules! identifiers {
    ($($variant:ident $word:literal $national:literal $check:path, $what:literal, $rule:literal;)+) => {
        /// An identifier that can be checked.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Identifier { $(#[doc = $what] $variant,)+ }

        impl Identifier {
            /// The words in mapping files.
            pub(crate) const WORDS: &[(&'static str, Identifier)] =
                &[$(($word, Identifier::$variant),)+];

            /// The word in mapping files.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Whether it identifies a person towards the state.
            pub(crate) fn is_national_id(self) -> bool {
                match self { $(Self::$variant => $national,)+ }
            }

            /// Whether `text` is such an identifier: letters upper case, no blanks or separators.
            pub(crate) fn holds(self, text: &str) -> bool {
                match self { $(Self::$variant => $check(text.as_bytes()),)+ }
            }
        }

        /// Word, what it is, and the rule.
        #[cfg(test)]
        const LIST: &[(&str, &str, &str)] = &[$(($word, $what, $rule),)+];

        /// What a failed check means and which checks there are, each with its rule.
        pub(crate) const HELP: &str = concat!(
            "Letters are upper case, without blanks and separators: `strip` and `case` bring that about. \
             Correct the source, or let the event carry a mark instead with `on_fail: flag`, or lose the \
             value with `on_fail: null`. The checks: ",
            $("`", $word, "` ", $what, " (", $rule, "); ",)+
            "whether somebody has the identifier, no check can say."
        );
    };
}

identifiers! {
    Nif "es.nif" true spain::nif, "Spanish tax number of a person, the DNI with its letter, or K, L, M",
        "Real Decreto 1065/2007 art. 19 and 20, remainder by 23";
    Nie "es.nie" true spain::nie, "Spanish number of a foreigner",
        "Orden INT/2058/2008, remainder by 23";
    Cif "es.cif" false spain::cif, "Spanish tax number of an organisation",
        "Orden EHA/451/2008; a digit for A B E H, a letter for N P Q R S W, either for the others and for those of \
         abroad";
    SpanishTaxId "es.tax_id" true spain::tax_id, "Spanish tax number, any of the three",
        "as above";
    Dir3 "es.dir3" false spain::dir3, "code of a Spanish public body or office",
        "Directorio Común DIR3; first letter E A L U J I O, perhaps a second, or GE; form only";
    SpanishPostcode "es.postcode" false postal::spain, "Spanish postal code",
        "provinces 01 to 52, form only";
    Curp "mx.curp" true mexico::curp, "Mexican population register key",
        "Instructivo normativo CURP, DOF 18-10-2021; date, sex H M X, state, unsuitable words, check digit";
    Rfc "mx.rfc" true mexico::rfc, "Mexican taxpayer number, 12 or 13 characters, the two generic ones too",
        "SAT; date, remainder by 11, which one in some seventy real numbers fails: `on_fail: flag` keeps them";
    Clabe "mx.clabe" false mexico::clabe, "Mexican bank account",
        "Asociación de Bancos de México, weights 3 7 1";
    MexicanPostcode "mx.postcode" false postal::mexico, "Mexican postal code",
        "SEPOMEX, form only";
    Siren "fr.siren" false france::siren, "French enterprise",
        "INSEE, Luhn";
    Siret "fr.siret" false france::siret, "French establishment",
        "INSEE, Luhn, La Poste by its sum of digits too";
    Nir "fr.nir" true france::nir, "French social security number with its key, Corsica as 2A and 2B",
        "INSEE, 97 less the remainder by 97";
    FrenchPostcode "fr.postcode" false postal::france, "French postal code",
        "La Poste, form only";
    PortuguesePostcode "pt.postcode" false postal::portugal, "Portuguese postal code, with its hyphen or without",
        "CTT, form only";
    GermanPostcode "de.postcode" false postal::germany, "German postal code",
        "Deutsche Post, 01001 on, form only";
    ItalianPostcode "it.postcode" false postal::italy, "Italian postal code",
        "Poste Italiane, 00010 to 98199, form only";
    AmericanPostcode "us.postcode" false postal::united_states, "ZIP code of the United States, five digits or ZIP+4",
        "USPS, 00501 on, form only";
    Iban "iban" false finance::iban, "international bank account number",
        "ISO 13616, lengths of the register's release 101, ISO 7064 MOD 97-10";
    Lei "lei" false finance::lei, "legal entity identifier",
        "ISO 17442, ISO 7064 MOD 97-10";
    Luhn "luhn" false finance::luhn, "any number with such a check digit",
        "ISO/IEC 7812-1 annex B";
    Eori "eori" false vat::eori, "number of an economic operator in the customs union",
        "Delegated Regulation (EU) 2015/2446 annex B; the national part of ES and of FR too";
    EuropeanVat "vat.eu" false vat::vat, "VAT number with its country",
        "VIES formats; check digits of all 27 and XI; by form only: French keys with letters, Latvian personal \
         codes from 32 on";
    Gtin "gtin" false trade::gtin, "trade item number of 8, 12, 13 or 14 digits",
        "GS1 General Specifications 7.9";
    Ean13 "ean13" false trade::ean13, "trade item number of 13 digits",
        "GS1 General Specifications 7.9";
    Isbn "isbn" false trade::isbn, "book number of 10 or 13 digits",
        "ISO 2108";
    Email "email" false contact::email, "e-mail address in plain ASCII: no quotes, no comments, no address literals",
        "RFC 5321 and 5322, host names of RFC 1123";
    Phone "phone.e164" false contact::phone, "telephone number as +, country and number, 7 to 15 digits",
        "ITU-T E.164";
}

#[cfg(test)]
mod tests;
