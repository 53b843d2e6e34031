//! One column while its cells go by: bounded memory, and no value is looked at twice while the table of values has room.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState},
};

use super::{
    kinds::{Kinds, Token, is_sentinel, token},
    moments::Ways,
};

/// Distinct values of a column that are counted one by one.
pub(super) const MOST_VALUES: usize = 1_000;
/// Bytes that they may take.
const MOST_BYTES: usize = 64 << 10;
/// Words for no value that are counted one by one beyond that.
const MOST_TOKENS: usize = 100;
/// Hashes that all columns of a source may keep together, to know that no value of theirs is there twice: about 150 MB.
pub(super) const MOST_HASHES: usize = 8_000_000;

/// What was seen of a column.
#[derive(Debug, Default)]
pub(super) struct Column {
    /// Cells, rows of nothing left out.
    pub(super) cells: u64,
    /// Empty, or nothing but blanks.
    pub(super) empty: u64,
    /// With blanks around.
    pub(super) blanks: u64,
    pub(super) shortest: Option<usize>,
    pub(super) longest: usize,
    values: HashMap<Box<str>, u64>,
    bytes: usize,
    /// What found no room in the table.
    beyond: Kinds,
    /// Whether anything found no room.
    pub(super) many: bool,
    /// Words for no value beyond the table.
    tokens: HashMap<Box<str>, u64>,
    unique: Unique,
}

/// Whether a value has been there before.
#[derive(Debug)]
enum Unique {
    /// Not yet: hashes of all values.
    So(HashSet<u64, BuildHasherDefault<Hashed>>, RandomState),
    /// It has, or there are too many to know.
    No,
}

impl Default for Unique {
    fn default() -> Self {
        Self::So(HashSet::default(), RandomState::new())
    }
}

/// Hands on what is a hash already.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// What all cells of a column come to.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Of the values that are not words for no value.
    pub(super) kinds: Kinds,
    /// Words for no value, as written, and how often.
    pub(super) nothing: Vec<(String, u64)>,
    pub(super) nothing_typed: Vec<(String, u64)>,
    pub(super) no_day: Vec<(String, u64)>,
    /// Days that stand for none.
    pub(super) sentinels: Vec<(String, u64)>,
    /// All distinct values with their counts, the most frequent first, if there was room for all.
    pub(super) values: Option<Vec<(String, u64)>>,
    /// Whether no value is there twice.
    pub(super) unique: bool,
}

impl Column {
    /// Takes a cell. `room` is how many hashes all columns together may still keep.
    pub(super) fn see(&mut self, ways: &Ways, cell: &str, room: &mut usize) {
        self.cells += 1;
        let text = cell.trim();
        if text.len() != cell.len() {
            self.blanks += 1;
        }
        if text.is_empty() {
            self.empty += 1;
            return;
        }
        let length = if text.is_ascii() { text.len() } else { text.chars().count() };
        self.shortest = Some(self.shortest.map_or(length, |shortest| shortest.min(length)));
        self.longest = self.longest.max(length);
        self.unique.see(text, room);
        if let Some(count) = self.values.get_mut(text) {
            *count += 1;
            return;
        }
        if !self.many && self.values.len() < MOST_VALUES && self.bytes + text.len() <= MOST_BYTES {
            self.bytes += text.len();
            self.values.insert(text.into(), 1);
            return;
        }
        self.many = true;
        self.unseen(ways, text);
    }

    /// Takes a value for which the table has no room.
    fn unseen(&mut self, ways: &Ways, text: &str) {
        let known = self.tokens.contains_key(text) || self.tokens.len() < MOST_TOKENS;
        if known && (token(text).is_some() || is_sentinel(text)) {
            *self.tokens.entry(text.into()).or_default() += 1;
        } else {
            self.beyond.see(ways, text, 1);
        }
    }

    /// What it all comes to.
    pub(super) fn finish(self, ways: &Ways) -> Seen {
        let unique = matches!(self.unique, Unique::So(..)) && self.cells > self.empty;
        let mut seen = Seen { kinds: self.beyond, unique, ..Seen::default() };
        let mut all: Vec<(String, u64)> = Vec::with_capacity(self.values.len());
        let mut counted = self.values;
        for (text, count) in self.tokens {
            *counted.entry(text).or_default() += count;
        }
        // In an order of their own, so that the same values always come to the same.
        let mut counted: Vec<(Box<str>, u64)> = counted.into_iter().collect();
        counted.sort_unstable();
        for (text, count) in counted {
            let entry = (text.to_string(), count);
            match token(&text) {
                Some(Token::Nothing) => seen.nothing.push(entry.clone()),
                Some(Token::NothingTyped) => seen.nothing_typed.push(entry.clone()),
                Some(Token::NoDay) => seen.no_day.push(entry.clone()),
                None if is_sentinel(&text) => seen.sentinels.push(entry.clone()),
                None => {}
            }
            match token(&text) {
                Some(Token::Nothing) => {}
                Some(Token::NoDay) => seen.kinds.see_no_day(&text, count),
                _ => seen.kinds.see(ways, &text, count),
            }
            all.push(entry);
        }
        let order =
            |a: &(String, u64), b: &(String, u64)| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0));
        for list in [
            &mut all,
            &mut seen.nothing,
            &mut seen.nothing_typed,
            &mut seen.no_day,
            &mut seen.sentinels,
        ] {
            list.sort_by(order);
        }
        seen.values = (!self.many).then_some(all);
        seen
    }
}

impl Unique {
    fn see(&mut self, text: &str, room: &mut usize) {
        let Self::So(seen, hasher) = self else { return };
        if *room > 0 && seen.insert(hasher.hash_one(text)) {
            *room -= 1;
        } else {
            *room += seen.len();
            *self = Self::No;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(values: impl IntoIterator<Item = String>) -> Seen {
        let ways = Ways::new();
        let mut column = Column::default();
        let mut room = MOST_HASHES;
        values.into_iter().for_each(|value| column.see(&ways, &value, &mut room));
        column.finish(&ways)
    }

    #[test]
    fn counting_does_not_depend_on_the_room_in_the_table() {
        let few = || (0..900).map(|n| n.to_string());
        let many = || (0..5_000).map(|n| n.to_string());
        assert!(seen(few()).values.is_some());
        let beyond = seen(many());
        assert_eq!(
            (beyond.values.is_none(), beyond.kinds.values, beyond.unique),
            (true, 5_000, true)
        );
        assert_eq!(beyond.kinds.numbers.choose(None).unwrap().fits, 5_000);
        let again = seen(many().chain(few()));
        assert_eq!((again.unique, again.kinds.values), (false, 5_900));
        assert_eq!(again.kinds.numbers.choose(None).unwrap().fits, 5_900);
    }

    #[test]
    fn what_a_column_keeps_is_given_back_when_a_value_comes_twice() {
        let ways = Ways::new();
        let (mut one, mut two, mut room) = (Column::default(), Column::default(), 3);
        for value in ["a", "b", "a"] {
            one.see(&ways, value, &mut room);
        }
        assert_eq!(room, 3);
        for value in ["a", "b", "c", "d"] {
            two.see(&ways, value, &mut room);
        }
        assert_eq!((room, two.finish(&ways).unique), (3, false));
    }

    #[test]
    fn words_for_no_value_are_no_values() {
        let seen = seen(["1", "-", "N/A", "", "  ", "-"].map(str::to_owned));
        assert_eq!(seen.kinds.values, 1);
        assert_eq!(seen.nothing, [("-".to_owned(), 2), ("N/A".to_owned(), 1)]);
    }
}
