//! Every code of this connector, for `acequia explain`.

use acequia_api::CodeDoc;

const fn doc(code: &'static str, title: &'static str, help: &'static str) -> CodeDoc {
    CodeDoc { code, title, help }
}

/// Every code that this connector gives, with what a person can do about it.
pub const CODES: &[CodeDoc] = &[
    doc(
        "config.archive",
        "a claimed file has nowhere to go",
        "`claim: rename` moves a file away while it is read, so it cannot stay where it was dropped. Name a directory in \
         `archive:`, delete it, or use `claim: none`.",
    ),
    doc(
        "config.arrival",
        "it is not clear when a file is expected",
        "Say either `every:` and how long it may take at most, or `by:` and the time of day; `days` and `holidays` belong \
         to `by`.",
    ),
    doc(
        "config.empty",
        "a setting is empty",
        "Empty it would match nothing. Give it a value or leave the key out.",
    ),
    doc(
        "config.glob",
        "a pattern of file names cannot be used",
        "Patterns know `*`, `?`, `[a-z]` and `{one,other}` and are for names in one directory: `LIC_*.csv`. For several \
         directories make a pipeline for each.",
    ),
    doc(
        "config.pattern",
        "a pattern does not say what it must",
        "A companion needs `{name}` or `{stem}`, such as `{name}.ok`; the pattern of a sequence is a regular expression \
         with one group for the number, such as `LIC_(\\d+)\\.csv`.",
    ),
    doc("config.range", "a setting is outside its range", "The message says what is allowed."),
    doc(
        "files.archive_failed",
        "a file could not be put away",
        "Its records are committed and will not be read again, but the file could not be moved to the archive or to \
         quarantine. It is tried again until it succeeds. Look at the rights and the space of the directory named.",
    ),
    doc(
        "files.bomb",
        "a packed file becomes too large",
        "Unpacked it has more bytes than `unpacked.max_bytes`, or more for each packed byte than `unpacked.max_ratio`. \
         Nothing was published. If the file is honest, raise the limit and drop it again.",
    ),
    doc(
        "files.bug",
        "an assumption of this program does not hold",
        "This is our mistake. Keep the log and report it; the pipeline stops where everything is still consistent.",
    ),
    doc(
        "files.changed_while_read",
        "a file changed while it was read",
        "Its writer had not finished although the completeness rule said so. Use a marker, a manifest or a rename \
         instead of, or besides, settling. If records had been published already, the rest is refused and the file \
         must be sent again.",
    ),
    doc(
        "files.claim",
        "a file cannot be claimed",
        "`claim: rename` moves a file to `.inflight/` in the same directory before it is read, which needs the right to \
         write there. For a directory that may only be read use `claim: none`.",
    ),
    doc(
        "files.config",
        "a pattern is not valid",
        "A glob or a regular expression of the configuration cannot be compiled; `acequia check` shows the place.",
    ),
    doc(
        "files.directory",
        "the drop directory cannot be used",
        "It is missing, is no directory, or may not be listed or entered by the user of the daemon.",
    ),
    doc(
        "files.empty",
        "a file holds no record",
        "With `empty: error` such a file is refused. With `empty: ok` it is read and noted as empty.",
    ),
    doc(
        "files.hard_link",
        "a file has another name as well",
        "A second hard link could change the file from outside while it is read, or lead to a file that was never meant \
         to be read. Copy the file into the directory instead of linking it.",
    ),
    doc(
        "files.incomplete",
        "a file has been incomplete for long",
        "Its marker, its place in the manifest, its last line end or its trailer is missing. Nothing of it is published. \
         Ask the sender; a file whose end is missing is refused after `give_up_after` without a change.",
    ),
    doc(
        "files.io",
        "the file system failed",
        "Reading gave an error that may pass, as network file systems do. It is tried again.",
    ),
    doc(
        "files.ledger_unreadable",
        "what is stored about files cannot be read",
        "It was written by a newer version of Acequia. Use that version.",
    ),
    doc(
        "files.manifest_mismatch",
        "a file is not what its manifest says",
        "Size, SHA-256 or the number of records differ. Send the file again, or the manifest.",
    ),
    doc(
        "files.marker_alone",
        "a marker has no file",
        "The marker says that a file is finished, but the file is not there, or its name does not match.",
    ),
    doc(
        "files.not_regular",
        "a name is not a regular file",
        "Symbolic links, directories, FIFOs, sockets and devices are never read, whatever they are called.",
    ),
    doc(
        "files.other_file_system",
        "files are copied to the archive",
        "The archive is on another file system, so putting away copies and then deletes. It is safe, only slower.",
    ),
    doc(
        "files.overdue",
        "no file has come in time",
        "`arrival` says when files are expected. The alarm goes when the next one comes.",
    ),
    doc(
        "files.packed_broken",
        "a packed file is damaged",
        "It ends too early, its checksum is wrong, or something else follows it. Nothing was published. Send it again.",
    ),
    doc("files.packed_nested", "a packed file holds a packed file", "Only one layer is unpacked."),
    doc(
        "files.position_lost",
        "the file that was being read is gone",
        "Reading stopped inside a file that is in neither the directory, `.inflight` nor the archive; it is looked for by \
         content. Put it back under any name that matches, or decide with `acequia position set`.",
    ),
    doc(
        "files.receipt_failed",
        "a receipt could not be written",
        "The sender is not told. Nothing else is affected; look at the rights of the directory.",
    ),
    doc(
        "files.record_count",
        "a file has too few or too many records",
        "`records` says how many are expected. Nothing was published.",
    ),
    doc(
        "files.rejected",
        "a file has bad records and is refused",
        "With `on_bad_record: reject_file` one bad record condemns its file before anything of it is published. The report \
         names the first of them. Correct them and drop the file again.",
    ),
    doc(
        "files.sequence_gap",
        "a number is missing in a sequence of files",
        "Later files are held until it comes, or until `sequence.hold_for` has passed.",
    ),
    doc(
        "files.sequence_skipped",
        "a missing number was passed over",
        "`sequence.hold_for` has passed. If the file still comes, it is read, late.",
    ),
    doc(
        "files.unreadable",
        "a file cannot be read",
        "The message names its owner, its mode and the user of the daemon. Other files are read meanwhile.",
    ),
    doc(
        "files.world_writable",
        "everybody may write to the drop directory",
        "Whoever drops a file makes events of it. Let one group write.",
    ),
    doc(
        "files.zip_no_member",
        "no member of a zip file is data",
        "`match` is applied to the names of the members too.",
    ),
    doc(
        "files.zip_unsafe",
        "a zip file is not trusted",
        "Names that lead out of a directory, duplicate names, links, encryption, overlapping members, too many members or a \
         directory that disagrees with the members: an honest zip file has none of them.",
    ),
];
