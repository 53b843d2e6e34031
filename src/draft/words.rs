//! What the name of a column says, in Spanish, English and French.

use unicode_normalization::UnicodeNormalization;

use super::vocabulary::{ADDRESS, NAME, STAFF, WORDS};
use crate::model::Class;

/// What a column may be by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// A day or a moment.
    Moment,
    /// A word of a list, a number that nobody adds up.
    Code,
    /// An account.
    Account,
    /// A postal code.
    Postcode,
    /// A year and a month.
    Period,
    /// The number of a house.
    House,
    /// A sum of money.
    Money,
    /// What tells one record from the others.
    Key,
    /// About a person.
    Personal(&'static str),
    /// Reaches a person.
    Contact(&'static str),
    /// Identifies a person towards the state.
    NationalId(&'static str),
    /// GDPR article 9.
    Special(&'static str),
    /// Credentials.
    Secret,
    /// Free text, which may name anyone.
    FreeText,
}

impl Hint {
    /// The class that it means, and why.
    pub(super) fn class(self) -> Option<(Class, &'static str)> {
        Some(match self {
            Self::Personal(why) => (Class::Personal, why),
            Self::Contact(why) => (Class::PersonalContact, why),
            Self::NationalId(why) => (Class::PersonalNationalId, why),
            Self::Special(why) => (Class::Special, why),
            Self::Secret => (Class::Secret, "a credential by its name"),
            Self::FreeText => (Class::Personal, "free text may name people"),
            Self::Account => (Class::Personal, "an account by its name"),
            _ => return None,
        })
    }
}

/// What a name says, everything that it may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hints(Vec<Hint>);

impl Hints {
    pub(super) fn of(name: &str) -> Self {
        let parts = parts(name);
        let joined = parts.concat();
        let mut hints = Vec::new();
        for (hint, words) in WORDS {
            if words.iter().any(|word| is_among(word, &parts) || joined == *word) {
                hints.push(*hint);
            }
        }
        let has = |hint: Hint| hints.contains(&hint);
        // The number of a street's house, not of a record.
        if has(ADDRESS) && has(Hint::Key) {
            hints.push(Hint::House);
        }
        // `nombre` of a town or a programme is nobody's; a code, a day or a sum of a person is no name.
        let of_a_thing = |part: &String| THINGS.contains(&part.as_str());
        if parts.iter().any(of_a_thing) {
            hints.retain(|hint| *hint != NAME);
        }
        // The state or the kind of an account is none, nor is that of a clerk a clerk.
        let of_its_kind = |part: &String| {
            ["etat", "estado", "status", "statut", "tipo", "type", "kind"].contains(&part.as_str())
        };
        if parts.iter().any(of_its_kind) {
            hints.retain(|hint| ![Hint::Account, STAFF].contains(hint));
        }
        Self(hints)
    }

    pub(super) fn has(&self, hint: Hint) -> bool {
        self.0.contains(&hint)
    }

    /// The most closed class that the name means, and why.
    pub(super) fn class(&self) -> Option<(Class, &'static str)> {
        self.0.iter().filter_map(|hint| hint.class()).max_by_key(|(class, _)| *class)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What has names without being a person.
const THINGS: &[&str] = &[
    "municipio",
    "commune",
    "provincia",
    "programa",
    "inciso",
    "ue",
    "ap",
    "file",
    "archivo",
    "fichero",
    "pais",
    "country",
    "ville",
    "ciudad",
    "city",
    "calle",
    "via",
    "voie",
    "commercial",
    "comercial",
    "empresa",
    "company",
    "organisme",
    "organismo",
    "station",
    "enseigne",
    "producto",
    "product",
    "servicio",
    "service",
    "table",
    "column",
    "field",
    "update",
    "modified",
];

/// What else columns are called: it means nothing here, but a line of such words is a header.
const ORDINARY: &[&str] = &[
    "start",
    "end",
    "inicio",
    "comienzo",
    "fin",
    "debut",
    "hasta",
    "desde",
    "value",
    "valor",
    "valeur",
    "val",
    "title",
    "titulo",
    "titre",
    "label",
    "etiqueta",
    "description*",
    "descripcion*",
    "desc",
    "denominacion",
    "denomination",
    "libelle",
    "lib",
    "concepto",
    "concept",
    "asunto",
    "subject",
    "objet",
    "url",
    "link",
    "enlace",
    "image",
    "imagen",
    "city",
    "cities",
    "ciudad",
    "county",
    "counties",
    "localidad",
    "town",
    "ville",
    "region",
    "zona",
    "zone",
    "barrio",
    "area",
    "estacion",
    "station",
    "servicio",
    "service",
    "organismo",
    "organisation",
    "organization",
    "empresa",
    "company",
    "proveedor",
    "supplier",
    "producto",
    "product",
    "articulo",
    "article",
    "cantidad",
    "quantity",
    "quantite",
    "unidad",
    "unit",
    "anio",
    "year",
    "annee",
    "version",
    "source",
    "fuente",
    "origen",
    "origin",
    "destino",
    "destination",
    "situacion",
    "situation",
    "tramite",
    "procedimiento",
    "procedure",
    "abbreviation",
    "classification",
    "clasificacion",
    "tags",
    "comunidad",
    "entidad",
    "entity",
    "nivel",
    "level",
    "orden",
    "order",
    "resultado",
    "result",
    "latitude",
    "longitude",
    "latitud",
    "longitud",
    "coordinates",
    "coordenadas",
];

/// Whether a word of the name is known, whatever it means.
pub(super) fn is_familiar(name: &str) -> bool {
    let parts = parts(name);
    !Hints::of(name).is_empty() || ORDINARY.iter().any(|word| is_among(word, &parts))
}

/// Whether a word of a list is one of the parts of a name; one that ends in `*` may also begin or end a part.
fn is_among(word: &str, parts: &[String]) -> bool {
    match word.strip_suffix('*') {
        Some(stem) => parts.iter().any(|part| part.starts_with(stem) || part.ends_with(stem)),
        None => parts.iter().any(|part| part == word),
    }
}

/// Small letters without accents.
pub(super) fn folded(text: &str) -> String {
    let plain = text.nfd().filter(|char| !unicode_normalization::char::is_combining_mark(*char));
    plain.flat_map(char::to_lowercase).collect()
}

/// The words of a name: `codePostal`, `COD_POSTAL`, `Cód. postal` → `code|cod`, `postal`; digits stand apart.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut before = ' ';
    let plain: Vec<char> = name
        .nfd()
        .filter(|char| !unicode_normalization::char::is_combining_mark(*char))
        .take(200)
        .collect();
    for (at, char) in plain.iter().copied().enumerate() {
        let next_small = plain.get(at + 1).is_some_and(|next| next.is_lowercase());
        let starts = char.is_uppercase()
            && (before.is_lowercase() || before.is_uppercase() && next_small)
            || char.is_numeric() != before.is_numeric();
        if (!char.is_alphanumeric() || starts) && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
        if char.is_alphanumeric() {
            part.extend(char.to_lowercase());
        }
        before = char;
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        for (name, words) in [
            ("codePostalEtablissement", &["code", "postal", "etablissement"][..]),
            ("FEC_NAC", &["fec", "nac"]),
            ("Año de alta", &["ano", "de", "alta"]),
            ("APELLIDO1", &["apellido", "1"]),
            ("XMLData", &["xml", "data"]),
            ("", &[]),
        ] {
            assert_eq!(parts(name), words, "{name}");
        }
    }

    #[test]
    fn a_name_says_whose_data_it_is() {
        for (name, class) in [
            ("NIF", Some(Class::PersonalNationalId)),
            ("DNI_TITULAR", Some(Class::PersonalNationalId)),
            ("apellido1", Some(Class::Personal)),
            ("Prénom", Some(Class::Personal)),
            ("FEC_NAC", Some(Class::Personal)),
            ("Contact Phone Number", Some(Class::PersonalContact)),
            ("email", Some(Class::PersonalContact)),
            ("NOMBRE_MUNICIPIO", None),
            ("IMPORTE", None),
            ("OBSERVACIONES", Some(Class::Personal)),
            ("grado_discapacidad", Some(Class::Special)),
            ("password", Some(Class::Secret)),
            ("FEC_ALTA", None),
            ("TRAMITADOR", Some(Class::Personal)),
            ("Técnico", Some(Class::Personal)),
            ("RESPONSABLE_EXP", Some(Class::Personal)),
            ("USUARIO", Some(Class::Personal)),
            ("INSTRUCTORA", Some(Class::Personal)),
            ("FUNCIONARIO", Some(Class::Personal)),
            ("gestorExpediente", Some(Class::Personal)),
            ("AGENTE", Some(Class::Personal)),
            ("created_by_user", Some(Class::Personal)),
            ("case officer", Some(Class::Personal)),
            ("Gestionnaire", Some(Class::Personal)),
            ("TIPO_USUARIO", None),
            ("FICHA_TECNICA", None),
        ] {
            assert_eq!(Hints::of(name).class().map(|(class, _)| class), class, "{name}");
        }
        assert!(Hints::of("CODIGOPROGRAMA").has(Hint::Code));
        assert!(Hints::of("INCISOCODIGO").has(Hint::Code));
        assert!(Hints::of("numeroVoieEtablissement").has(Hint::House));
    }
}
