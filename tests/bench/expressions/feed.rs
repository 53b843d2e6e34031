//! Fees that look real, the same in every run.

use std::io::Write;

/// The header, eighteen columns.
const HEADER: &str = "NUM;TIPO;ESTADO;FEC_ALTA;FEC_VTO;BASE;IVA;DTO;NOMBRE;APELLIDO1;APELLIDO2;CALLE;PORTAL;CP;\
                      MUNICIPIO;TELEFONO;UNIDADES;OBS\n";

const NAMES: [&str; 6] = ["María", "José", "Carmen", "Antonio", "Lucía", "Pablo"];
const SURNAMES: [&str; 8] =
    ["Garcia", "Lopez", "Martin", "Ruiz", "Sanz", "Vidal", "Castro", "Ortega"];
const STREETS: [&str; 4] =
    ["CALLE MAYOR", "PLAZA DE LA ACEQUIA", "AVENIDA DEL MOLINO", "CAMINO VIEJO"];
const TOWNS: [&str; 4] = ["MADRID", "BARCELONA", "VALENCIA", "TERUEL"];
const CODES: [&str; 4] = ["28", "08", "46", "44"];
const RATES: [&str; 4] = ["21,00", "10,00", "4,00", "0,00"];
const REMARKS: [&str; 4] =
    ["fraccionado", "sin observaciones", "pendiente de informe tecnico", "domiciliado"];

/// So many records under a header.
pub fn bytes(records: u64) -> Vec<u8> {
    let mut feed = HEADER.as_bytes().to_vec();
    for n in 0..records {
        line(&mut feed, n);
    }
    feed
}

fn line(feed: &mut Vec<u8>, n: u64) {
    let mix = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let pick = |list: &[&'static str], shift: u32| list[(mix >> shift) as usize % list.len()];
    let town = (mix >> 7) as usize % TOWNS.len();
    let discount = if mix.is_multiple_of(3) { String::new() } else { format!("{},50", mix % 90) };
    writeln!(
        feed,
        "T/{n:09};TASA;{};{:02}/{:02}/{};{:02}/{:02}/{};{}.{:03},{:02};{};{discount};{};{};{};{};{};{}{:03};{};9{:08};{};{}",
        pick(&["C", "T", "S"], 3),
        mix % 28 + 1,
        mix % 12 + 1,
        2000 + mix % 25,
        mix % 28 + 1,
        mix % 12 + 1,
        2001 + mix % 25,
        mix % 9 + 1,
        mix % 1000,
        mix % 100,
        pick(&RATES, 11),
        pick(&NAMES, 5),
        pick(&SURNAMES, 9),
        pick(&SURNAMES, 15),
        pick(&STREETS, 13),
        mix % 200 + 1,
        CODES[town],
        mix % 1000,
        TOWNS[town],
        mix % 100_000_000,
        mix % 50,
        pick(&REMARKS, 17),
    )
    .expect("memory takes what is written");
}
