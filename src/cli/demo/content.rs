//! What the demonstration consists of: the example deployment and the feeds of a fictional town hall.
//!
//! The deployment is the one in `config/example` with the mappings of `mappings/`, so what a person sees running is
//! what he copies. The feeds are as dirty as real ones, and every kind of dirt is there to be shown: see
//! [`FEEDS`]. Nobody in them exists; the national ids are from a range that is not given out.

/// The files of the deployment by their path in it. The key files are missing: they are made for each deployment.
pub const DEPLOYMENT: &[(&str, &str)] = &[
    ("acequia.yaml", include_str!("../../../config/example/acequia.yaml")),
    ("policies.yaml", include_str!("../../../config/example/policies.yaml")),
    ("pipelines/permits.yaml", include_str!("../../../config/example/pipelines/permits.yaml")),
    ("pipelines/register.yaml", include_str!("../../../config/example/pipelines/register.yaml")),
    ("pipelines/requests.yaml", include_str!("../../../config/example/pipelines/requests.yaml")),
    (
        "mappings/licencias-to-permit.yaml",
        include_str!("../../../mappings/licencias-to-permit.yaml"),
    ),
    ("mappings/padron-to-person.yaml", include_str!("../../../mappings/padron-to-person.yaml")),
    (
        "mappings/solicitudes-to-case.yaml",
        include_str!("../../../mappings/solicitudes-to-case.yaml"),
    ),
    ("mappings/codes/country.csv", include_str!("../../../mappings/codes/country.csv")),
    ("mappings/codes/holder-kind.csv", include_str!("../../../mappings/codes/holder-kind.csv")),
    ("mappings/codes/permit-kind.csv", include_str!("../../../mappings/codes/permit-kind.csv")),
    ("mappings/codes/permit-status.csv", include_str!("../../../mappings/codes/permit-status.csv")),
    (
        "mappings/codes/request-channel.csv",
        include_str!("../../../mappings/codes/request-channel.csv"),
    ),
    (
        "mappings/codes/request-service.csv",
        include_str!("../../../mappings/codes/request-service.csv"),
    ),
    (
        "mappings/codes/request-status.csv",
        include_str!("../../../mappings/codes/request-status.csv"),
    ),
    ("mappings/codes/sex.csv", include_str!("../../../mappings/codes/sex.csv")),
    (
        "mappings/codes/thoroughfare-type.csv",
        include_str!("../../../mappings/codes/thoroughfare-type.csv"),
    ),
    ("mappings/models/address.yaml", include_str!("../../../mappings/models/address.yaml")),
    ("mappings/models/appointment.yaml", include_str!("../../../mappings/models/appointment.yaml")),
    ("mappings/models/asset.yaml", include_str!("../../../mappings/models/asset.yaml")),
    ("mappings/models/benefit.yaml", include_str!("../../../mappings/models/benefit.yaml")),
    ("mappings/models/case.yaml", include_str!("../../../mappings/models/case.yaml")),
    ("mappings/models/contract.yaml", include_str!("../../../mappings/models/contract.yaml")),
    ("mappings/models/document.yaml", include_str!("../../../mappings/models/document.yaml")),
    ("mappings/models/employee.yaml", include_str!("../../../mappings/models/employee.yaml")),
    (
        "mappings/models/organization.yaml",
        include_str!("../../../mappings/models/organization.yaml"),
    ),
    ("mappings/models/payment.yaml", include_str!("../../../mappings/models/payment.yaml")),
    ("mappings/models/permit.yaml", include_str!("../../../mappings/models/permit.yaml")),
    ("mappings/models/person.yaml", include_str!("../../../mappings/models/person.yaml")),
];

/// Key files that `acequia.yaml` names, by their path in the deployment.
pub const KEY_FILES: &[&str] = &["keys/pseudonym", "keys/quarantine", "keys/state"];

/// What is dropped into the directory of one pipeline, and what must become of it.
#[derive(Debug, Clone, Copy)]
pub struct Feed {
    /// The pipeline; its drop directory is `drop/<pipeline>`.
    pub pipeline: &'static str,
    /// Files in the order of dropping: name and content.
    pub files: &'static [(&'static str, &'static [u8])],
    /// What the summary must say.
    pub expected: Expected,
}

/// The counts that a run over a feed must end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Records read, without headers and trailers.
    pub read: u64,
    /// Events, deletes among them; tombstones are not counted.
    pub published: u64,
    /// Records refused.
    pub rejected: u64,
    /// Records left out by `when`.
    pub filtered: u64,
    /// Files with the content of an earlier one.
    pub duplicate_files: u64,
}

/// The feeds.
///
/// - `permits`: blanks around keys, `00/00/0000`, decimal commas, typographic quotes in Windows-1252, a quoted field with
///   the delimiter in it. Refused: a 31st of February, an unknown status, a missing number, a delimiter in an address, a
///   misplaced thousands point, a negative cost, a licence without holder, a quote inside a plain field, and one
///   record for three reasons at once. Published with a mark: a wrong check letter. Left out: drafts. The second drop
///   brings changes and a deletion; then the first comes again under another name.
/// - `requests`: text over several lines, spellings of a status, an unknown channel. Refused: unknown service and status, no
///   number, another date format, a bare comma, a local time that the clocks skipped. Marked: a postal code without its
///   zero.
/// - `register`: cp850 without a header, with a control total; a person twice; no birth date. Refused: a 31st of
///   February, a wrong check letter, no id, an unknown code, missing fields. A departure becomes a delete. Its pseudonyms
///   are those of the permits, so both can be joined.
pub const FEEDS: &[Feed] = &[
    Feed {
        pipeline: "permits",
        files: &[
            ("LIC_0001.csv", include_bytes!("feeds/LIC_0001.csv")),
            ("LIC_0001.csv.ok", b""),
            ("LIC_0002.csv", include_bytes!("feeds/LIC_0002.csv")),
            ("LIC_0002.csv.ok", b""),
            ("LIC_0003_copia.csv", include_bytes!("feeds/LIC_0001.csv")),
            ("LIC_0003_copia.csv.ok", b""),
        ],
        expected: Expected {
            read: 46,
            published: 35,
            rejected: 9,
            filtered: 2,
            duplicate_files: 1,
        },
    },
    Feed {
        pipeline: "register",
        files: &[("PADRON_2021T1.txt", include_bytes!("feeds/PADRON_2021T1.txt"))],
        expected: Expected {
            read: 29,
            published: 23,
            rejected: 5,
            filtered: 1,
            duplicate_files: 0,
        },
    },
    Feed {
        pipeline: "requests",
        files: &[("SOL_20210329.csv", include_bytes!("feeds/SOL_20210329.csv"))],
        expected: Expected {
            read: 18,
            published: 10,
            rejected: 6,
            filtered: 2,
            duplicate_files: 0,
        },
    },
];

#[cfg(test)]
mod tests;
