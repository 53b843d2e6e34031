//! The feed of the benches: licences that look real, the same in every run.

use std::io::{self, Write};

/// The header, eleven columns.
pub const HEADER: &str =
    "NUM_EXP;TIPO;ESTADO;FEC_ALTA;IMPORTE;NOMBRE;APELLIDO;CALLE;CP;UNIDADES;OBS\n";

const NAMES: [&str; 8] =
    ["MARIA", "JOSE", "CARMEN", "ANTONIO", "LUCIA", "MANUEL", "ELENA", "PABLO"];
const SURNAMES: [&str; 8] =
    ["GARCIA", "LOPEZ", "MARTIN", "RUIZ", "SANZ", "VIDAL", "CASTRO", "ORTEGA"];
const STREETS: [&str; 4] =
    ["CALLE MAYOR", "PLAZA DE LA ACEQUIA", "AVENIDA DEL MOLINO", "CAMINO VIEJO"];
const REMARKS: [&str; 4] = [
    "reforma de local",
    "sin observaciones",
    "pendiente de informe tecnico",
    "obra menor en cubierta",
];

/// Writes the records `from..to`.
pub fn write(out: &mut impl Write, from: u64, to: u64) -> io::Result<()> {
    for n in from..to {
        let mix = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let pick = |list: &[&'static str], shift: u32| list[(mix >> shift) as usize % list.len()];
        writeln!(
            out,
            "EXP/{n:09};OBM;{};{:02}/{:02}/{};{}.{:03},{:02};{};{};{}, {};{:05};{};{}",
            pick(&["C", "T", "S"], 3),
            mix % 28 + 1,
            mix % 12 + 1,
            2000 + mix % 25,
            mix % 9 + 1,
            mix % 1000,
            mix % 100,
            pick(&NAMES, 5),
            pick(&SURNAMES, 9),
            pick(&STREETS, 13),
            mix % 200 + 1,
            28000 + mix % 1000,
            mix % 50,
            pick(&REMARKS, 17),
        )?;
    }
    Ok(())
}

/// The records `from..to` under a header, in memory.
pub fn bytes(from: u64, to: u64) -> Vec<u8> {
    let mut feed = HEADER.as_bytes().to_vec();
    write(&mut feed, from, to).expect("memory takes what is written");
    feed
}
