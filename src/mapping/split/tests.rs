use super::*;

/// The parts as `given=JUAN|family=PEREZ`, in the order of the reference; the confidence in front.
fn parts(splitter: Splitter, text: &str) -> String {
    let mut shown = String::new();
    splitter.part(Part::Confidence, text, &mut shown);
    for (word, part) in splitter.parts().iter().filter(|(word, _)| *word != "confidence") {
        let mut found = String::new();
        splitter.part(*part, text, &mut found);
        if !found.is_empty() {
            shown.push_str(&format!("|{word}={found}"));
        }
    }
    shown
}

fn table(splitter: Splitter, rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        assert_eq!(parts(splitter, text), *expected, "{text}");
    }
}

#[test]
fn a_comma_says_what_is_surname_and_what_is_given() {
    for splitter in [Splitter::Name, Splitter::SurnamesFirst] {
        table(
            splitter,
            &[
                ("PEREZ LOPEZ, JUAN", "high|given=JUAN|family=PEREZ|family2=LOPEZ"),
                ("Pérez , María José", "high|given=María José|family=Pérez"),
                (
                    "DE LA CRUZ LÓPEZ,JUAN CARLOS",
                    "high|given=JUAN CARLOS|family=DE LA CRUZ|family2=LÓPEZ",
                ),
                ("GARCIA DEL RIO, ANA", "high|given=ANA|family=GARCIA|family2=DEL RIO"),
                (
                    "DEL RIO DE LOS SANTOS, D. JUAN",
                    "high|prefix=D.|given=JUAN|family=DEL RIO|family2=DE LOS SANTOS",
                ),
                ("ORTEGA Y GASSET, JOSE", "medium|given=JOSE|family=ORTEGA Y GASSET"),
                ("PUIG I CADAFALCH, JOSEP", "medium|given=JOSEP|family=PUIG I CADAFALCH"),
                (
                    "GARCÍA-LORCA ÑANDÚ, MA. ISABEL",
                    "high|given=MA. ISABEL|family=GARCÍA-LORCA|family2=ÑANDÚ",
                ),
                (
                    "FERNANDEZ DE CORDOBA PEREZ, LUIS",
                    "low|given=LUIS|family=FERNANDEZ|family2=DE CORDOBA|rest=PEREZ",
                ),
                (
                    "SAN MARTIN SANTA CRUZ, EVA",
                    "high|given=EVA|family=SAN MARTIN|family2=SANTA CRUZ",
                ),
            ],
        );
    }
}

#[test]
fn without_a_comma_the_order_is_declared_and_the_confidence_lower() {
    table(
        Splitter::Name,
        &[
            ("PEDRO PEREZ LOPEZ", "medium|given=PEDRO|family=PEREZ|family2=LOPEZ"),
            ("JUAN CARLOS PEREZ LOPEZ", "medium|given=JUAN CARLOS|family=PEREZ|family2=LOPEZ"),
            ("JUAN PEREZ LOPEZ", "low|given=JUAN|family=PEREZ|family2=LOPEZ"),
            ("JOSE LUIS PEREZ", "low|given=JOSE|family=LUIS|family2=PEREZ"),
            (
                "MARIA DEL CARMEN GARCIA RUIZ",
                "medium|given=MARIA DEL CARMEN|family=GARCIA|family2=RUIZ",
            ),
            (
                "MARÍA DE LOS ÁNGELES DE LA TORRE GIL",
                "medium|given=MARÍA DE LOS ÁNGELES|family=DE LA TORRE|family2=GIL",
            ),
            ("Dr. Juan de la Cruz", "low|prefix=Dr.|given=Juan|family=de la Cruz"),
            ("JOSE ORTEGA Y GASSET", "low|given=JOSE|family=ORTEGA Y GASSET"),
            ("JUAN", "low|given=JUAN"),
            ("DE LA", "low|given=DE LA"),
        ],
    );
    table(
        Splitter::SurnamesFirst,
        &[
            ("PEREZ LOPEZ JUAN", "medium|given=JUAN|family=PEREZ|family2=LOPEZ"),
            ("PEREZ LOPEZ JUAN CARLOS", "low|given=JUAN CARLOS|family=PEREZ|family2=LOPEZ"),
            ("DE LA CRUZ DEL VALLE ANA", "medium|given=ANA|family=DE LA CRUZ|family2=DEL VALLE"),
            ("PEREZ JUAN", "low|given=JUAN|family=PEREZ"),
            ("PEREZ", "low|family=PEREZ"),
        ],
    );
    table(
        Splitter::Surnames,
        &[
            ("PEREZ LOPEZ", "high|family=PEREZ|family2=LOPEZ"),
            ("DE LA CRUZ", "high|family=DE LA CRUZ"),
            ("LOPEZ DE LA CRUZ", "high|family=LOPEZ|family2=DE LA CRUZ"),
            ("LOPEZ Y", "medium|family=LOPEZ|family2=Y"),
            ("PEREZ, JUAN", "low|rest=PEREZ, JUAN"),
        ],
    );
}

#[test]
fn what_is_no_name_of_a_person_stays_whole() {
    table(
        Splitter::Name,
        &[
            ("CONSTRUCCIONES PEREZ LOPEZ S.L.", "low|rest=CONSTRUCCIONES PEREZ LOPEZ S.L."),
            ("AYUNTAMIENTO DE MADRID", "low|rest=AYUNTAMIENTO DE MADRID"),
            ("PEREZ, LOPEZ, JUAN", "low|rest=PEREZ, LOPEZ, JUAN"),
            ("JUAN PEREZ 2", "low|rest=JUAN PEREZ 2"),
            (", JUAN", "low|rest=, JUAN"),
            ("PEREZ,", "low|rest=PEREZ,"),
            ("", "low"),
        ],
    );
}

#[test]
fn spanish_addresses() {
    table(
        Splitter::Address,
        &[
            ("C/ Mayor s/n", "high|thoroughfareType=CL|thoroughfare=Mayor|number=s/n"),
            ("C/MAYOR, 12", "high|thoroughfareType=CL|thoroughfare=MAYOR|number=12"),
            (
                "CL MAYOR 12 3º B 28013 MADRID",
                "high|thoroughfareType=CL|thoroughfare=MAYOR|number=12|interior=3º B|postCode=28013|locality=MADRID",
            ),
            (
                "PLAZA DE ESPAÑA, 1, 2 IZQ",
                "high|thoroughfareType=PZ|thoroughfare=DE ESPAÑA|number=1|interior=2 IZQ",
            ),
            (
                "Avda. de la Constitución Nº 7, Esc. 2, 4º dcha., 41001 Sevilla",
                "high|thoroughfareType=AV|thoroughfare=de la Constitución|number=7|interior=Esc. 2 4º dcha.|postCode=41001|locality=Sevilla",
            ),
            ("CTRA. N-340 KM 5,5", "high|thoroughfareType=CR|thoroughfare=N-340|number=KM 5,5"),
            (
                "CALLE 5 DE MAYO 12 BAJO",
                "high|thoroughfareType=CL|thoroughfare=5 DE MAYO|number=12|interior=BAJO",
            ),
            ("Pº de la Castellana", "medium|thoroughfareType=PS|thoroughfare=de la Castellana"),
            ("Mayor 12", "medium|thoroughfare=Mayor|number=12"),
            (
                "CL MAYOR 12 JUNTO A LA IGLESIA",
                "low|thoroughfareType=CL|thoroughfare=MAYOR|number=12|rest=JUNTO A LA IGLESIA",
            ),
        ],
    );
}

#[test]
fn mexican_addresses() {
    table(
        Splitter::Address,
        &[
            (
                "AV JUAREZ 123-B INT 4 COL CENTRO CP 06000",
                "high|thoroughfareType=AV|thoroughfare=JUAREZ|number=123-B|interior=INT 4|neighbourhood=CENTRO|postCode=06000",
            ),
            (
                "Calle Norte #45, Col. Del Valle, C.P. 03100 Benito Juárez, Ciudad de México",
                "low|thoroughfareType=CL|thoroughfare=Norte|number=#45|neighbourhood=Del Valle|postCode=03100|locality=Benito Juárez|rest=Ciudad de México",
            ),
            (
                "C. PINO MZ 4 LT 12 COL LAS FLORES",
                "high|thoroughfareType=CL|thoroughfare=PINO|block=4|lot=12|neighbourhood=LAS FLORES",
            ),
            (
                "CALLE 60 NO. 491 ENTRE 57 Y 59 COL CENTRO",
                "high|thoroughfareType=CL|thoroughfare=60|number=491|crossStreets=57 Y 59|neighbourhood=CENTRO",
            ),
            (
                "BLVD. DIAZ ORDAZ S/N FRACC LOS PINOS",
                "high|thoroughfareType=BV|thoroughfare=DIAZ ORDAZ|number=S/N|neighbourhood=FRACC LOS PINOS",
            ),
        ],
    );
}

#[test]
fn what_is_no_address_stays_whole() {
    table(
        Splitter::Address,
        &[
            ("DOMICILIO CONOCIDO", "low|rest=DOMICILIO CONOCIDO"),
            ("12 MAYOR", "low|rest=12 MAYOR"),
            ("C/", "low|thoroughfare=C/"),
            ("", "low"),
        ],
    );
}

/// Words that say what follows and do not come out themselves; the kind of way comes out as a code.
const SAYING: [&str; 40] = [
    "MZ", "LT", "LOTE", "COL", "COL.", "COLONIA", "BARRIO", "ENTRE", "CP", "C.P.", "NO.", "Nº",
    "#", "C/", "CL", "CALLE", "AV", "AVDA.", "AV.", "PLAZA", "CTRA.", "PASEO", "Pº", "BLVD.", "C.",
    "PZ", "CM", "N", "NUM", "MANZANA", "BO", "NO", "MZA", "C", "AVENIDA", "PS", "LTE", "MZNA",
    "LTE.", "CR",
];

#[test]
fn no_word_is_lost() {
    let words = [
        "JUAN", "PEREZ", "DE", "LA", "DEL", "Y", "MARIA", "D.", "S.L.", "C/", "CALLE", "AV", "12",
        "5", "3º", "B", "S/N", "INT", "MZ", "LT", "COL", "CP", "06000", "28013", "KM", "5,5",
        "ENTRE", "Nº", "IZQ", "CENTRO,", "MAYOR,", ",", "#45", "FRACC",
    ];
    // A sequence that visits the words in many orders, the same in every run.
    let mut state = 88_172_645_463_325_252u64;
    for _ in 0..20_000 {
        let mut line = Vec::new();
        for _ in 0..state % 9 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            line.push(words[(state % words.len() as u64) as usize]);
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let text = line.join(" ");
        for (_, splitter) in Splitter::WORDS {
            let mut came: Vec<String> = Vec::new();
            for (word, part) in splitter.parts() {
                if matches!(*word, "confidence" | "thoroughfareType") {
                    continue;
                }
                let mut out = String::new();
                splitter.part(*part, &text, &mut out);
                came.extend(out.split(' ').map(|word| word.trim_matches(',').to_owned()));
            }
            let mut went: Vec<String> =
                text.split_whitespace().map(|word| word.trim_matches(',').to_owned()).collect();
            came.retain(|word| !word.is_empty());
            went.retain(|word| !word.is_empty());
            let address = splitter == Splitter::Address;
            came.retain(|word| !address || !SAYING.contains(&word.as_str()));
            went.retain(|word| !address || !SAYING.contains(&word.as_str()));
            came.sort();
            went.sort();
            assert_eq!(came, went, "{splitter:?}: {text}");
        }
    }
}
