//! All columns of a source, while its records go by and when they have gone.

use serde_json::{Value as Json, json};

use super::{
    column::{Column, MOST_HASHES, MOST_VALUES, Seen},
    moments::Ways,
    privacy,
    verdict::{Customs, Judge, Reading, Verdict},
    words::Hints,
};
use crate::model::Class;

/// Takes the records of a source, one after another. Memory depends on the number of columns, not of records.
#[derive(Debug)]
pub struct Profiler {
    ways: Ways,
    names: Vec<String>,
    columns: Vec<Column>,
    /// Hashes that may still be kept.
    room: usize,
    records: u64,
    blank: u64,
    refused: Vec<(String, u64)>,
}

/// What a source is like.
#[derive(Debug)]
pub struct Profile {
    /// In the order of the source.
    pub columns: Vec<ColumnProfile>,
    /// Records, those that were refused and those that hold nothing too.
    pub records: u64,
    /// Records of empty fields only.
    pub blank: u64,
    /// Records that the format refuses, by code.
    pub refused: Vec<(String, u64)>,
}

/// What a column is like.
#[derive(Debug)]
pub struct ColumnProfile {
    /// Its name in the source.
    pub name: String,
    /// How its text is read.
    pub reading: Reading,
    /// Cells without a value, of [`cells`](Self::cells).
    pub nulls: u64,
    /// Cells in all, records of nothing left out.
    pub cells: u64,
    /// Different values; none if there are more than are counted.
    pub distinct: Option<usize>,
    /// Whether every cell has a value and none is there twice.
    pub unique: bool,
    /// Characters of the shortest and the longest value.
    pub lengths: (usize, usize),
    /// Values that will be rejected.
    pub misfits: u64,
    /// How closed it is.
    pub class: Class,
    /// Why, where it is about people.
    pub class_why: &'static str,
    /// The check that its values pass, and how many do.
    pub check: Option<(&'static str, u64)>,
    /// Its values with their counts, where they are few and nobody's: what a code table would list.
    pub words: Vec<(String, u64)>,
    /// What a person should know.
    pub notes: Vec<String>,
    pub(super) is_key_by_name: bool,
}

/// A column of more different values is not made of codes.
const MOST_WORDS: usize = 30;

impl Profiler {
    /// A profiler for columns of these names.
    pub fn new(names: Vec<String>) -> Self {
        let columns = names.iter().map(|_| Column::default()).collect();
        Self {
            ways: Ways::new(),
            room: MOST_HASHES,
            names,
            columns,
            records: 0,
            blank: 0,
            refused: Vec::new(),
        }
    }

    /// Whether it is for columns of these names.
    pub fn is_of(&self, names: &[String]) -> bool {
        self.names == names
    }

    /// Takes a record: a cell a column, empty where there is nothing.
    pub fn row(&mut self, cells: &[&str]) {
        self.records += 1;
        if cells.len() > 1 && cells.iter().all(|cell| cell.trim().is_empty()) {
            self.blank += 1;
            return;
        }
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.see(&self.ways, cell, &mut self.room);
        }
    }

    /// Takes a record that the format refuses.
    pub fn refused(&mut self, code: &str) {
        self.records += 1;
        match self.refused.iter_mut().find(|(known, _)| known == code) {
            Some((_, count)) => *count += 1,
            None => self.refused.push((code.to_owned(), 1)),
        }
    }

    /// What it all comes to.
    pub fn finish(self) -> Profile {
        let ways = self.ways;
        let blank = self.blank;
        let gathered: Vec<Gathered> = self
            .names
            .into_iter()
            .zip(self.columns)
            .map(|(name, column)| Gathered::of(name, column, &ways))
            .collect();
        let customs = customs(&gathered, &ways);
        let columns = gathered
            .into_iter()
            .map(|gathered| gathered.judge(&ways, customs, blank > 0))
            .collect();
        Profile { columns, records: self.records, blank, refused: self.refused }
    }
}

/// A column before it is judged.
struct Gathered {
    name: String,
    hints: Hints,
    seen: Seen,
    cells: u64,
    empty: u64,
    blanks: u64,
    lengths: (usize, usize),
}

/// What the columns that leave no choice prove for the others. Where they disagree, nothing.
fn customs(columns: &[Gathered], ways: &Ways) -> Customs {
    let all = columns.iter();
    let mut marks: Vec<char> =
        all.filter_map(|column| column.seen.kinds.numbers.proves()).collect();
    marks.dedup();
    let orders = columns.iter().filter_map(|column| {
        let (_, best) = column.seen.kinds.moments.best(ways);
        let mut orders: Vec<bool> =
            best.iter().filter_map(|at| ways.get(*at).day_first()).collect();
        orders.sort_unstable();
        orders.dedup();
        if orders.len() == 1 { orders.pop() } else { None }
    });
    let mut orders: Vec<bool> = orders.collect();
    orders.dedup();
    Customs {
        decimal: if marks.len() == 1 { marks.pop() } else { None },
        day_first: if orders.len() == 1 { orders.pop() } else { None },
    }
}

impl Gathered {
    fn of(name: String, column: Column, ways: &Ways) -> Self {
        let (cells, empty, blanks) = (column.cells, column.empty, column.blanks);
        let lengths = (column.shortest.unwrap_or_default(), column.longest);
        let hints = Hints::of(&name);
        Self { hints, cells, empty, blanks, lengths, seen: column.finish(ways), name }
    }

    fn judge(self, ways: &Ways, customs: Customs, blank_rows: bool) -> ColumnProfile {
        let identifiers = &self.seen.kinds.identifiers;
        let values = self.seen.kinds.values;
        let found = identifiers.found(values, &self.hints);
        let judge = Judge { ways, hints: &self.hints, seen: &self.seen, found, customs };
        let Verdict { reading, misfits, mut notes } =
            judge.decide(self.empty > 0 || blank_rows, self.blanks > 0);
        let (class, class_why) = privacy::class(&self.hints, found, identifiers, values);
        let nothing: u64 =
            count_of(&self.seen, &reading.null_if) + count_of(&self.seen, &reading.sentinel);
        let nulls = self.empty + nothing;
        if let Some(found) = found {
            let holds = if found.pass == values {
                "all".to_owned()
            } else {
                format!("{} of {values}", found.pass)
            };
            notes.push(format!("{holds} pass the check {}", found.check));
        }
        if values == 0 {
            notes.push("no value was seen: its type is not known".to_owned());
        }
        let distinct = self.seen.values.as_ref().map(Vec::len);
        let words = self.codes(class, &reading, found, &mut notes);
        ColumnProfile {
            unique: self.seen.unique && nulls == 0 && misfits == 0,
            name: self.name,
            reading,
            nulls,
            cells: self.cells,
            distinct,
            lengths: self.lengths,
            misfits,
            class,
            class_why,
            check: found.map(|found| (found.check, found.pass)),
            words,
            notes,
            is_key_by_name: self.hints.has(super::words::Hint::Key),
        }
    }

    /// The values as codes, unless one of them may say who somebody is; that is noted.
    fn codes(
        &self,
        class: Class,
        reading: &Reading,
        found: Option<privacy::Found>,
        notes: &mut Vec<String>,
    ) -> Vec<(String, u64)> {
        if class.is_personal() || reading.word() != "text" {
            return Vec::new();
        }
        let strays = self.strays();
        if strays > 0 && !privacy::is_of_organisations(found) {
            let look = if strays == 1 { "looks" } else { "look" };
            notes.push(format!(
                "{strays} of {} {look} as the data of a person do: no code table",
                self.seen.kinds.values
            ));
        }
        let words = self.words(class, reading);
        let share = |all: u64, names: u64| names * 2 > all;
        let is_name = |word: &&(String, u64)| privacy::may_be_a_name(&word.0);
        let names = || words.iter().filter(is_name);
        let cells =
            |words: &mut dyn Iterator<Item = &(String, u64)>| words.map(|(_, count)| count).sum();
        let named = share(words.len() as u64, names().count() as u64)
            || share(cells(&mut words.iter()), cells(&mut names()));
        if named {
            notes.push("most values may be names of persons: no code table".to_owned());
        }
        if named || strays > 0 { Vec::new() } else { words }
    }

    /// How many values are by their form what only a person has.
    fn strays(&self) -> u64 {
        let Some(all) = &self.seen.values else { return self.seen.kinds.identifiers.of_persons() };
        let of_persons = all.iter().filter(|(text, _)| privacy::is_of_a_person(text));
        of_persons.map(|(_, count)| count).sum()
    }

    /// The values as codes, if they look like some and are nobody's.
    fn words(&self, class: Class, reading: &Reading) -> Vec<(String, u64)> {
        const LONGEST: usize = 40;
        const FEWEST_CELLS: u64 = 20;
        let Some(all) = &self.seen.values else { return Vec::new() };
        let values: Vec<(String, u64)> =
            all.iter().filter(|(text, _)| !reading.null_if.contains(text)).cloned().collect();
        let repeated = self.cells >= FEWEST_CELLS && values.len() as u64 * 4 <= self.cells;
        let is_text = reading.word() == "text" && self.lengths.1 <= LONGEST;
        let harmless = |text: &str| !text.chars().any(char::is_control);
        let few = (2..=MOST_WORDS).contains(&values.len());
        let fit = few && repeated && is_text && values.iter().all(|(text, _)| harmless(text));
        if fit && !class.is_personal() { values } else { Vec::new() }
    }
}

fn count_of(seen: &Seen, words: &[String]) -> u64 {
    let lists = [&seen.nothing, &seen.nothing_typed, &seen.no_day, &seen.sentinels];
    let all = lists.into_iter().flatten();
    all.filter(|(word, _)| words.contains(word)).map(|(_, count)| count).sum()
}

impl ColumnProfile {
    /// The number of different values, for people.
    pub fn distinct_shown(&self) -> String {
        self.distinct.map_or_else(|| format!("> {MOST_VALUES}"), |distinct| distinct.to_string())
    }
}

impl Profile {
    /// The profile for programs. Of values it holds the words of code tables and the words for no value.
    pub fn to_json(&self) -> Json {
        let columns: Vec<Json> = self.columns.iter().map(ColumnProfile::to_json).collect();
        let refused: serde_json::Map<String, Json> =
            self.refused.iter().map(|(code, count)| (code.clone(), json!(count))).collect();
        json!({ "records": self.records, "blank": self.blank, "refused": refused, "columns": columns })
    }
}

impl ColumnProfile {
    fn to_json(&self) -> Json {
        json!({
            "name": self.name,
            "type": self.reading.word(),
            "reading": self.reading.shown(),
            "null_if": self.reading.null_if,
            "nulls": self.nulls,
            "cells": self.cells,
            "distinct": self.distinct,
            "unique": self.unique,
            "length": { "min": self.lengths.0, "max": self.lengths.1 },
            "misfits": self.misfits,
            "class": self.class.name(),
            "class_why": self.class_why,
            "check": self.check.map(|(check, pass)| json!({ "name": check, "pass": pass })),
            "codes": self.words.iter().map(|(word, count)| json!([word, count])).collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}
