//! Which fields of a record become which cells.

use std::sync::Arc;

use acequia_api::{Column, ColumnType, Projection, RecordError, Schema, WantedColumn};

use crate::encoding::Encoding;

/// The cells of one kind of record, in the order of its schema.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) schema: Arc<Schema>,
    pub(super) slots: Vec<Slot>,
    /// How many fields such a record has.
    pub(super) width: usize,
    /// Whether all text slots are of the encoding of the source.
    pub(super) uniform: bool,
}

/// Where a cell comes from.
#[derive(Debug)]
pub(super) enum Slot {
    /// A field, with an encoding of its own or that of the source.
    Field { index: usize, name: Arc<str>, encoding: Option<Encoding> },
    /// The records of a kind that belong to this one, by the number of that kind.
    List { kind: usize },
}

/// A list that details become in the record they belong to.
#[derive(Debug)]
pub(super) struct ListColumn {
    pub(super) name: Arc<str>,
    pub(super) kind: usize,
    pub(super) schema: Arc<Schema>,
}

impl Layout {
    /// All fields, in order, then the lists.
    pub(super) fn all(names: &[Arc<str>], lists: &[ListColumn]) -> Self {
        let fields = names.iter().enumerate().map(|(index, name)| {
            (
                Column::text(Arc::clone(name)),
                Slot::Field { index, name: Arc::clone(name), encoding: None },
            )
        });
        let lists = lists.iter().map(ListColumn::column);
        let (columns, slots) = fields.chain(lists).unzip();
        Self { schema: Schema::new(columns), slots, width: names.len(), uniform: true }
    }

    /// What `projection` asks for out of fields of these names and lists.
    ///
    /// # Errors
    /// A wanted name is missing, or there twice.
    pub(super) fn of(
        names: &[Arc<str>],
        lists: &[ListColumn],
        projection: &Projection,
    ) -> Result<Self, RecordError> {
        let Projection::Only(wanted) = projection else {
            for name in names {
                once(names, name)?;
            }
            return Ok(Self::all(names, lists));
        };
        let (mut columns, mut slots) = (Vec::new(), Vec::new());
        let mut uniform = true;
        for want in wanted {
            let list = lists.iter().find(|list| *list.name == *want.name);
            let (column, slot) = match list {
                Some(list) => list.column(),
                None => field(names, lists, want)?,
            };
            uniform &= !matches!(slot, Slot::Field { encoding: Some(_), .. });
            columns.push(column);
            slots.push(slot);
        }
        Ok(Self { schema: Schema::new(columns), slots, width: names.len(), uniform })
    }
}

impl ListColumn {
    fn column(&self) -> (Column, Slot) {
        let column = Column {
            name: Arc::clone(&self.name),
            kind: ColumnType::List(Arc::clone(&self.schema)),
            nullable: false,
        };
        (column, Slot::List { kind: self.kind })
    }
}

/// The schema of wanted columns that is known before any header: all text.
pub(super) fn wanted_schema(wanted: &[WantedColumn]) -> Arc<Schema> {
    Schema::new(wanted.iter().map(|want| Column::text(want.name.as_str())).collect())
}

fn field(
    names: &[Arc<str>],
    lists: &[ListColumn],
    want: &WantedColumn,
) -> Result<(Column, Slot), RecordError> {
    let Some(index) = names.iter().position(|name| **name == *want.name) else {
        let candidates = names.iter().chain(lists.iter().map(|list| &list.name));
        let detail = match suggest(&want.name, candidates.map(|name| &**name)) {
            Some(near) => {
                format!("there is no such column; did you mean `{}`?", near.escape_debug())
            }
            None => format!("there is no such column among the {} of the file", names.len()),
        };
        let error = RecordError::decode("decode.csv.column_missing");
        return Err(error.field(want.name.as_str()).detail(detail));
    };
    once(names, &names[index])?;
    let name = Arc::clone(&names[index]);
    let encoding = want.encoding.as_deref().and_then(Encoding::of);
    Ok((Column::text(Arc::clone(&name)), Slot::Field { index, name, encoding }))
}

fn once(names: &[Arc<str>], name: &Arc<str>) -> Result<(), RecordError> {
    let mut places = (1..).zip(names).filter(|(_, other)| *other == name).map(|(at, _)| at);
    if let (Some(first), Some(second)) = (places.next(), places.next()) {
        return Err(RecordError::decode("decode.csv.column_twice")
            .field(Arc::clone(name))
            .detail(format!("columns {first} and {second} have the same name")));
    }
    Ok(())
}

/// The candidate that a person most likely meant: the same but for case and blanks, or a few letters apart.
fn suggest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let fold = |text: &str| text.trim().to_lowercase();
    let folded = fold(word);
    let near = |candidate: &&str| {
        let other = fold(candidate);
        if other == folded { 0 } else { 1 + distance(&folded, &other) }
    };
    let limit = 2 + folded.chars().count() / 3;
    candidates
        .take(4096)
        .map(|name| (near(&name), name))
        .filter(|(far, _)| *far < limit)
        .min()
        .map(|(_, name)| name)
}

/// How many letters must be changed, added or taken away.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = replaced.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_a_far_one_is_not() {
        let names = ["FEC_ALTA", "IMPORTE", "NOMBRE "];
        assert_eq!(suggest("fec_alta", names.into_iter()), Some("FEC_ALTA"));
        assert_eq!(suggest("NOMBRE", names.into_iter()), Some("NOMBRE "));
        assert_eq!(suggest("IMPORT", names.into_iter()), Some("IMPORTE"));
        assert_eq!(suggest("ESTADO", names.into_iter()), None);
    }
}
