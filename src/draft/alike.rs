//! How alike the name of a column and a field of a model are, in Spanish and English.

use super::words::parts;

/// Short forms and translations: the first word of a row stands for all of it.
const SAME: &[&[&str]] = &[
    &["date", "fecha", "fec", "fch", "dia", "day", "on"],
    &["number", "numero", "num", "nro", "no"],
    &["code", "codigo", "cod", "cd", "clave"],
    &["permit", "licence", "licencia", "lic", "permiso", "autorizacion", "expediente", "exp"],
    &["contract", "contrato", "expediente", "exp"],
    &["case", "expediente", "exp", "dossier"],
    &["amount", "importe", "imp", "monto", "cuantia", "montant"],
    &["address", "direccion", "dir", "domicilio", "emplazamiento", "full"],
    &["postcode", "cp", "zip", "postal"],
    &["phone", "telefono", "tel", "tfno"],
    &["name", "nombre", "nom", "denominacion", "label"],
    &["surname", "apellido", "apellidos", "family"],
    &["given", "nombre"],
    &["kind", "tipo", "type", "clase", "categoria", "category"],
    &["status", "estado", "situacion", "etat"],
    &["issued", "alta", "concesion", "emision", "expedicion"],
    &["applied", "solicitud", "application", "entrada", "submitted"],
    &["until", "caducidad", "vencimiento", "fin", "expiry", "expires", "to"],
    &["from", "inicio", "desde", "start"],
    &["birth", "nacimiento", "nac"],
    &["cost", "coste", "presupuesto"],
    &["key", "id", "clave", "codigo", "identifier"],
    &["description", "descripcion", "desc", "asunto", "subject"],
    &["latitude", "lat", "latitud"],
    &["longitude", "lon", "lng", "longitud"],
    &["municipality", "municipio", "localidad", "town"],
    &["country", "pais"],
    &["closed", "cierre", "baja", "resolucion"],
    &["opened", "apertura", "alta"],
    &["requested", "solicitud", "peticion"],
    &["paid", "pago", "cobro"],
    &["due", "vencimiento"],
    &["currency", "moneda", "divisa"],
    &["sex", "sexo", "gender"],
    &["holder", "titular"],
];

/// What a field is called, in all its words.
#[derive(Debug, Clone, Default)]
pub(super) struct Called {
    own: Vec<String>,
    around: Vec<String>,
    titles: Vec<String>,
}

impl Called {
    pub(super) fn new(name: &str, around: &str, titles: [Option<&str>; 2]) -> Self {
        let titles = titles.into_iter().flatten().flat_map(parts).filter(|word| word.len() > 3);
        Self { own: parts(name), around: parts(around), titles: titles.collect() }
    }

    /// From 0 to 1: how much of the column's name the field explains, and how much of the field the column.
    pub(super) fn likeness(&self, column: &str) -> f64 {
        let words: Vec<String> =
            parts(column).into_iter().filter(|word| !FILLING.contains(&word.as_str())).collect();
        if words.is_empty() {
            return 0.0;
        }
        let worth = |word: &String| {
            let any = |list: &[String]| list.iter().any(|other| same(word, other));
            match (any(&self.own), any(&self.titles), any(&self.around)) {
                (true, ..) => 1.0,
                (_, true, _) => 0.7,
                (.., true) => 0.4,
                _ => 0.0,
            }
        };
        let explained = words.iter().map(worth).sum::<f64>() / words.len() as f64;
        let own: Vec<&String> =
            self.own.iter().filter(|word| !FILLING.contains(&word.as_str())).collect();
        let used = own.iter().filter(|own| words.iter().any(|word| same(word, own))).count();
        let covered = used as f64 / own.len().max(1) as f64;
        0.6 * explained + 0.4 * covered
    }
}

const FILLING: &[&str] = &["de", "del", "la", "el", "of", "the", "in", "en", "y", "1"];

fn same(a: &str, b: &str) -> bool {
    let stem = |long: &str, short: &str| short.len() >= 4 && long.starts_with(short);
    a == b
        || stem(a, b)
        || stem(b, a)
        || SAME.iter().any(|row| row.contains(&a) && row.contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_nearest_to_the_field_that_is_meant() {
        let fields = [
            Called::new("issuedOn", "", [Some("Day of issue"), Some("Fecha de concesión")]),
            Called::new(
                "appliedOn",
                "",
                [Some("Day of the application"), Some("Fecha de la solicitud")],
            ),
            Called::new("permitNumber", "", [Some("Its number, as people quote it"), None]),
            Called::new("status", "", [Some("Where it stands"), Some("En qué estado está")]),
            Called::new("amount", "declaredCost", [Some("Amount"), Some("Importe")]),
            Called::new("postCode", "validIn", [Some("Postal code"), Some("Código postal")]),
        ];
        for (column, field) in [
            ("FEC_SOLICITUD", 1),
            ("FECHA_ALTA", 0),
            ("ESTADO", 3),
            ("IMPORTE", 4),
            ("COD_POSTAL", 5),
            ("NUM_LICENCIA", 2),
        ] {
            let best = (0..fields.len())
                .max_by(|a, b| fields[*a].likeness(column).total_cmp(&fields[*b].likeness(column)))
                .unwrap();
            assert_eq!(best, field, "{column}");
        }
        assert!(fields[4].likeness("XYZ") < 0.01);
    }
}
