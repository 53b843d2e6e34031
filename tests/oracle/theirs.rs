//! What PostgreSQL answers.

use super::{
    Answer,
    rows::{COLUMNS, INNER},
    sql::Case,
};
use crate::support::postgres::Postgres;

/// A function that answers with a letter and the value or the class of the error.
const ASK: &str = r"
SET client_min_messages = error;
CREATE FUNCTION pg_temp.ask(query text) RETURNS text LANGUAGE plpgsql AS $ask$
DECLARE answer text;
BEGIN
    EXECUTE query INTO answer;
    RETURN CASE WHEN answer IS NULL THEN 'N' ELSE 'V' || encode(convert_to(answer, 'UTF8'), 'hex') END;
EXCEPTION WHEN others THEN
    RETURN 'E' || SQLSTATE || ' ' || replace(SQLERRM, E'\n', ' ');
END $ask$;
";

/// So many questions are one statement: each costs a message to the server and back.
const AT_ONCE: usize = 50;

/// The answers to all cases, in their order.
pub fn answers(server: &Postgres, cases: &[Case]) -> Vec<Answer> {
    let arrays: Vec<String> = INNER.iter().map(|(name, ..)| format!("l{name}")).collect();
    let arrays = arrays.join(", ");
    let questions: Vec<String> = cases
        .iter()
        .map(|case| {
            let (mut values, mut names) = (case.row.literals(), COLUMNS.to_owned());
            if case.is_over_list() {
                values.extend(case.row.arrays());
                names = format!("{names}, {arrays}");
            }
            // Without `OFFSET` these were constants, whose errors come before it is known that nobody needs them.
            let from = format!("(VALUES ({}) OFFSET 0) AS r({names})", values.join(", "));
            format!("$acequia$SELECT {} FROM {from}$acequia$", case.theirs)
        })
        .collect();
    let statements: Vec<String> = questions
        .chunks(AT_ONCE)
        .map(|some| {
            format!("SELECT pg_temp.ask(q) FROM unnest(ARRAY[{}]) AS q;\n", some.join(",\n"))
        })
        .collect();
    let answers = server.run(&format!("{ASK}{}", statements.concat()));
    assert_eq!(answers.len(), cases.len(), "one row a question");
    answers.iter().map(|answer| read(answer)).collect()
}

fn read(answer: &str) -> Answer {
    let (kind, rest) = answer.split_at(1);
    match kind {
        "N" => Answer::Null,
        "V" => {
            let bytes =
                data_encoding::HEXLOWER.decode(rest.as_bytes()).expect("hexadecimal digits");
            Answer::Text(String::from_utf8(bytes).expect("UTF-8"))
        }
        _ if rest.starts_with("42") => Answer::Refused(rest.to_owned()),
        _ => Answer::Error(rest.to_owned()),
    }
}
