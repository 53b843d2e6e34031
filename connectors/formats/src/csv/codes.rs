//! What the codes of this format mean.

use acequia_api::CodeDoc;

const fn doc(code: &'static str, title: &'static str, help: &'static str) -> CodeDoc {
    CodeDoc { code, title, help }
}

/// Every error code of this format.
pub const CODES: &[CodeDoc] = &[
    doc(
        "decode.csv.unclosed_quote",
        "a quote is opened and never closed",
        "Refuses the file at the opening quote: everything after it would become one field. Look \
         at that line. If quotes mean nothing in this file, say `quote: none`; if a backslash \
         escapes them, `escape: \"\\\\\"`; otherwise ask the sender for the file again.",
    ),
    doc(
        "decode.csv.stray_quote",
        "text stands beside the quotes of a field",
        "A quote may only open a field, and after the closing quote a delimiter must follow. Ask \
         the sender to double quotes inside quoted fields; `lenient: true` reads `\"x\"y` as `xy`, \
         `x\"y` as it stands, and counts them; `quote: none` takes quotes as text.",
    ),
    doc(
        "decode.csv.ragged",
        "the record has too few or too many fields",
        "Often a delimiter inside an unquoted value, or a value with a line end in it. Correct \
         the record and replay it. `lenient: true` forgives empty fields too many at the end, \
         never fields that are missing.",
    ),
    doc(
        "decode.csv.too_many_fields",
        "the record has more fields than allowed",
        "Raise `max_fields` if the file really has so many columns; otherwise the record is \
         damaged.",
    ),
    doc(
        "decode.csv.record_too_long",
        "the record is longer than allowed",
        "Its bytes are not kept; find it in the file by line and byte. Raise `max_record_bytes` \
         if records may be so long. A missing line end, or another `terminator` than declared, \
         has the same effect.",
    ),
    doc(
        "decode.csv.control",
        "a control character or an invisible character stands in the record",
        "NUL, escape, a line end outside quotes, U+0085 or a bidirectional override: mostly a \
         damaged file, another encoding, or another `terminator` than declared. `control: strip` \
         takes such characters out and counts them; it never joins lines.",
    ),
    doc(
        "decode.csv.encoding",
        "a byte is not of the declared encoding",
        "The record mixes encodings, or the file has another one than `encoding` says. A mapping \
         may declare the encoding of a single column. Nothing is replaced: the record waits in \
         quarantine.",
    ),
    doc(
        "decode.csv.encoding_mismatch",
        "the file looks like another encoding than declared",
        "Refuses the file before the first record. Set `encoding` to what the message names, or \
         ask the sender what changed.",
    ),
    doc(
        "decode.csv.delimiter",
        "the file seems to have another delimiter",
        "One column was found where several are expected, and the line holds another usual \
         delimiter. Set `delimiter`.",
    ),
    doc(
        "decode.csv.column_missing",
        "a wanted column is not in the file",
        "Names are matched exactly: case, blanks and all. Correct the name in the mapping, or ask \
         the sender why the column has gone.",
    ),
    doc(
        "decode.csv.column_twice",
        "a wanted column is in the file twice",
        "It cannot be known which one is meant. Name the columns yourself with `header: true` and \
         `columns: […]`, which takes the place of the names in the file.",
    ),
    doc(
        "decode.csv.incomplete",
        "the file ends inside its last record",
        "The last record has no line end, so the file may be cut, or still being written. If the \
         sender never writes a last line end, say `final_newline: optional`; better, agree on a \
         trailer or a marker file.",
    ),
    doc(
        "decode.csv.empty",
        "the file holds no record",
        "`empty: error` refuses such files. Say `empty: ok` if a day without records is normal.",
    ),
    doc(
        "decode.csv.trailer_missing",
        "the file ends without its trailer",
        "The file is cut, still being written, or has no trailer after all. Nothing of it can be \
         held to be complete.",
    ),
    doc(
        "decode.csv.trailer_mismatch",
        "the control totals of the trailer are not those of the file",
        "Records are missing or were added, or amounts are written otherwise than `decimal` and \
         `group` say. Rejected records count too. Ask the sender for the file again.",
    ),
    doc(
        "decode.csv.after_trailer",
        "a record follows the trailer",
        "Two files may have been put together, or `starts_with` also fits ordinary records.",
    ),
    doc(
        "decode.csv.unknown_kind",
        "the record is of no declared kind",
        "Add the kind to `records: kinds`, with `skip: true` if it is of no interest.",
    ),
    doc(
        "decode.csv.orphan",
        "a detail record has no header record before it",
        "The header is missing, or the file is not in order.",
    ),
    doc(
        "decode.csv.group_too_large",
        "a header with its details is larger than allowed",
        "Raise `max_record_bytes` if groups may be so large; otherwise a header record is missing \
         in the file. The bytes are not kept.",
    ),
    doc(
        "config.csv",
        "the CSV format is not configured soundly",
        "The message names the key; `acequia check` shows all of them with their lines.",
    ),
    doc(
        "config.csv.character",
        "a delimiter, quote or other mark cannot be used",
        "Give a short text that can be written in the encoding of the file; quote and escape are \
         one byte.",
    ),
    doc(
        "config.csv.encoding",
        "the encoding is not known",
        "The hint lists the names that are. Encodings in which a delimiter may be half of a \
         character (Shift JIS, GBK, Big5) are not read.",
    ),
    doc(
        "config.csv.ambiguous",
        "two marks of the format cannot be told apart",
        "Delimiter, terminator, quote and escape must differ; where quotes mean nothing say \
         `quote: none`.",
    ),
    doc(
        "config.csv.columns",
        "the columns are not declared soundly",
        "A file without a header needs `columns`, each name once.",
    ),
    doc(
        "config.csv.limit",
        "a limit is out of range",
        "The message names the range. The limits bound the memory of this decoder, so they cannot be \
         lifted altogether.",
    ),
    doc(
        "config.csv.conflict",
        "two keys exclude each other",
        "`records` describes the file by itself: take out `header`, `columns` and `trailer`.",
    ),
    doc(
        "config.csv.records",
        "the kinds of record are not declared soundly",
        "One kind stands by itself; details are `under` it with a list name in `as`; at most one \
         is the trailer; the rest is `skip: true`.",
    ),
    doc(
        "config.csv.trailer",
        "the trailer is not declared soundly",
        "`count` and `sum` are numbers of fields of the trailer from 1; `sum_of` names what is \
         summed.",
    ),
];
