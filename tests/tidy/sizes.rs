//! A file has one duty and can be read at one sitting.

use super::{
    nothing,
    source::{self, Source},
};

const MOST: usize = 600;
const MOST_OF_PIPELINE: usize = 3_305;

/// Files that may be longer, and why.
const LONGER: &[(&str, &str)] = &[];

/// The loop through which every record passes must be understood by whoever changes it.
const MOST_IN_PIPELINE: usize = 400;
/// Files of the pipeline that may be longer, and why.
const LONGER_IN_PIPELINE: &[(&str, &str)] = &[(
    "src/pipeline/driver.rs",
    "one method for each action and each report, over the same state: apart they would only pass it around",
)];

/// Lines without test modules.
fn lines(source: &Source) -> usize {
    let text = &source.text;
    text.find("\n#[cfg(test)]\nmod tests {")
        .map_or(text.lines().count(), |at| text[..at].lines().count())
}

fn too_long(sources: &[Source], most: usize, longer: &[(&str, &str)]) -> Vec<String> {
    let all = sources.iter().filter(|source| !source.is_test());
    let long = all.filter(|source| lines(source) > most);
    let mut found: Vec<String> = long
        .clone()
        .filter(|source| longer.iter().all(|(path, _)| *path != source.path))
        .map(|source| format!("{} has {} lines: split it", source.path, lines(source)))
        .collect();
    let needless =
        longer.iter().filter(|(path, _)| long.clone().all(|source| source.path != *path));
    found.extend(needless.map(|(path, _)| format!("{path} needs no exception any more")));
    found
}

#[test]
fn no_file_needs_a_search_box() {
    nothing(&too_long(&source::rust(), MOST, LONGER));
}

/// The budget is for everything from compiling a pipeline to what is shown of it: status, rates and splits are an eighth,
/// isolating refused records a tenth; state, driver and retry, which decide, a third.
#[test]
fn the_orchestrator_stays_small() {
    let pipeline = source::files("src/pipeline", "rs");
    nothing(&too_long(&pipeline, MOST_IN_PIPELINE, LONGER_IN_PIPELINE));
    let all: usize = pipeline.iter().filter(|source| !source.is_test()).map(lines).sum();
    assert!(all <= MOST_OF_PIPELINE, "src/pipeline has {all} lines");
}

#[test]
fn a_long_file_is_found_and_its_tests_do_not_count() {
    let body = "x\n".repeat(3);
    let tested = format!("{body}\n#[cfg(test)]\nmod tests {{\n{body}}}\n");
    let sources = [
        Source::new("src/long.rs", &body),
        Source::new("src/tests.rs", &body),
        Source::new("src/tested.rs", &tested),
    ];
    assert_eq!(
        too_long(&sources, 2, &[]),
        ["src/long.rs has 3 lines: split it", "src/tested.rs has 3 lines: split it",]
    );
    assert!(too_long(&sources, 3, &[]).is_empty());
    assert_eq!(too_long(&sources, 3, &[("src/long.rs", "a table")]).len(), 1);
}
