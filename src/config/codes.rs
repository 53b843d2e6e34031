//! What the codes of configuration mistakes mean.

use acequia_api::CodeDoc;

const fn code(code: &'static str, title: &'static str, help: &'static str) -> CodeDoc {
    CodeDoc { code, title, help }
}

/// The codes of this module, sorted.
pub const CODES: &[CodeDoc] = &[
    code(
        "config.avro_unfit",
        "a pipeline wants something that Avro does not have",
        "In Avro the value of a Kafka record is the data and nothing else: the attributes of the event are headers (`mode: binary`), the data cannot be \
         left out for a claim check, and names are letters without accents, digits and `_`.",
    ),
    code(
        "config.bad_schedule",
        "the cron line cannot be used",
        "A cron line has five parts: minute, hour, day of month, month, day of week (`30 6 * * MON-FRI`). `L` is the last day, \
         `MON#1` the first Monday, `15W` the working day nearest to the 15th. A line that never matches, such as the 30th \
         of February, is refused too.",
    ),
    code(
        "config.bad_value",
        "the value does not have the form that this key needs",
        "The note shows the form. Lengths of time and sizes need a unit (`5s`, `16MiB`), since nobody can see the unit of a bare number.",
    ),
    code(
        "config.cleartext",
        "records would cross a network unencrypted",
        "Everything that is published may hold personal data. Use TLS (`kafka.security.tls`); if the network is protected by other \
         means, write down which in `kafka.security.insecure_reason`. Brokers on this machine (`localhost`) need neither.",
    ),
    code(
        "config.directories_overlap",
        "two pipelines work in the same directory, or one inside the other",
        "Each pipeline claims, moves and archives the files of its directory. Two of them would take files from each other. If two \
         mappings need the same files, put both into the `mapping` list of one pipeline.",
    ),
    code(
        "config.duplicate_mapping",
        "a mapping stands twice in the list of a pipeline",
        "Every mapping in the list is applied to every record, so its events would appear twice.",
    ),
    code(
        "config.duplicate_pipeline",
        "two pipelines have the same name",
        "The name is part of the transactional id: two pipelines of one name would stop each other, and their positions would mix.",
    ),
    code(
        "config.durability",
        "Kafka is asked to keep less than it should",
        "With three copies and two of them in step, the loss of one broker loses nothing and stops nothing. Lower values \
         work and are meant for tests. `min_insync` above `replication` would refuse every write.",
    ),
    code(
        "config.encoding_mixed",
        "a topic would get values in Avro and in JSON",
        "A deserialiser for Avro stops at the first value that is not. Give all pipelines that publish to a topic the same `encoding`. \
         To change over, publish to a new topic and let the consumers move.",
    ),
    code(
        "config.file_ignored",
        "a file looks like configuration but is not read",
        "Only files that end in `.yaml` are read, so that a backup never counts. Rename it or move it away.",
    ),
    code(
        "config.file_too_large",
        "a configuration file is too long",
        "Configuration files are limited to 1 MiB and code tables to 16 MiB. A longer one is probably data in the wrong place.",
    ),
    code(
        "config.file_unreadable",
        "a file cannot be read",
        "Look at its path, its owner and its rights; the daemon's user must be able to read it.",
    ),
    code(
        "config.http_exposed",
        "the HTTP listener can be reached from other machines",
        "It shows the state of every pipeline and asks nobody to log in. Let it listen on a loopback address and put a reverse \
         proxy with a login before it; list the name of the proxy under `http.hosts`.",
    ),
    code(
        "config.kafka_target",
        "it is not clear where events go",
        "Name brokers with `kafka.bootstrap`, or ask for the development broker with `kafka.embedded: true`. Not both: what the \
         development broker holds is gone when the daemon stops.",
    ),
    code(
        "config.missing_key",
        "a key is missing that has no default",
        "The block that is underlined needs the key. `acequia schema` gives editors a schema that shows such gaps while typing.",
    ),
    code(
        "config.no_pipelines",
        "the deployment has no pipeline",
        "The daemon starts and does nothing. A pipeline is one file in `pipelines/`.",
    ),
    code(
        "config.no_quarantine_key",
        "rejected records are kept without their content",
        "The content of a rejected record is kept only sealed, and without a key it cannot be sealed: quarantine then \
         holds the place and the reason alone, and a record can be corrected only at its source.",
    ),
    code(
        "config.not_utf8",
        "a configuration file is not UTF-8",
        "Convert it, for instance with `iconv -f windows-1252 -t utf-8`. This is about the configuration; source files may have any \
         encoding that their pipeline declares.",
    ),
    code(
        "config.one_of",
        "exactly one of several forms is needed",
        "Some keys are a choice: write one of the forms that are listed, and only one.",
    ),
    code(
        "config.out_of_range",
        "a value is too small, too large, too short or too long",
        "The message names the limit.",
    ),
    code(
        "config.registry_missing",
        "a pipeline publishes in Avro and the deployment names no schema registry",
        "Every Avro value names its schema by an id that a registry gives out. Name the registry in `acequia.yaml` under `kafka.registry`, or publish as \
         JSON (`encoding: json`), which needs none.",
    ),
    code(
        "config.secret_empty",
        "a secret is empty",
        "The file or the variable exists and holds nothing. An empty password is never meant.",
    ),
    code(
        "config.secret_exposed",
        "every user of the machine may use the secret file",
        "Take the rights of others away (`chmod o= FILE`); group rights are allowed, so that a service can share a secret.",
    ),
    code(
        "config.secret_inline",
        "a secret stands in the configuration itself",
        "Configurations are copied, shown and kept in version control. Put the secret into a file that only the daemon may read and \
         refer to it with `${file:/path}`, or use `${env:NAME}`. If the secret has been committed anywhere, change it.",
    ),
    code(
        "config.secret_malformed",
        "a secret is not one line of text",
        "A secret is UTF-8 text on one line, at most 64 KiB. One final line break is ignored; more lines usually mean that the wrong \
         file was named.",
    ),
    code(
        "config.secret_misplaced",
        "a reference to a secret in a field that is no secret",
        "References are replaced only in fields that hold secrets: elsewhere the value could appear in logs and on pages.",
    ),
    code(
        "config.secret_missing",
        "a secret is not there",
        "The file does not exist or cannot be read, or the variable is not set for this process. `acequia check --without-secrets` \
         checks a configuration on a machine that does not have them.",
    ),
    code(
        "config.shape",
        "a file could not be read as configuration",
        "Its form is right and still it cannot be used; the message says why.",
    ),
    code(
        "config.subject_shared",
        "two models would share one subject of the schema registry",
        "With `subject: topic` a topic has one schema, and a schema of one model never follows on that of another. With `subject: topic_record` \
         each model has a subject of its own in the topic; consumers must be told to use the same strategy.",
    ),
    code(
        "config.too_many_files",
        "the deployment has too many files",
        "More than 10000 files usually mean that a folder is linked to somewhere else.",
    ),
    code(
        "config.unknown_connector",
        "there is no connector of this kind",
        "The note lists those of this build.",
    ),
    code(
        "config.unknown_key",
        "a key that does not exist",
        "Unknown keys are mistakes, always: a misspelt option that is silently ignored is worse than an error. The note lists what may \
         stand there.",
    ),
    code(
        "config.unknown_mapping",
        "there is no mapping of this name",
        "A mapping is known by its `mapping:` line, not by its file name, and stands directly in `mappings/`.",
    ),
    code(
        "config.unknown_value",
        "the value is not one of those allowed",
        "The note below the message lists them.",
    ),
    code(
        "config.unknown_zone",
        "there is no such time zone",
        "Zones have the names of the IANA database, such as `Europe/Madrid` or `America/Mexico_City`; abbreviations such as `CET` \
         do not say when clocks change.",
    ),
    code(
        "config.wrong_type",
        "a value of another type is needed",
        "Text that looks like a number or like `true` needs quotes; numbers and truth values must not have them.",
    ),
];

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn codes_are_sorted_unique_and_explained() {
        assert!(CODES.is_sorted_by(|a, b| a.code < b.code));
        assert!(CODES.iter().all(|doc| !doc.title.is_empty() && !doc.help.is_empty()));
    }
}
