//! Lists and groups: handles into the nested cells of a batch.

use std::fmt;

use acequia_api::{Cell, RecordBatch, Schema};

use super::{NoValue, Value, write_json_string};

/// The elements of a repeated field. Equal only to itself.
#[derive(Clone, Copy)]
pub struct List<'a> {
    batch: &'a RecordBatch,
    cells: &'a [Cell],
    schema: &'a Schema,
}

/// The fields of one nested record. Equal only to itself.
#[derive(Clone, Copy)]
pub struct Group<'a> {
    batch: &'a RecordBatch,
    cells: &'a [Cell],
    schema: &'a Schema,
}

impl<'a> List<'a> {
    /// The list of these cells of `batch`, each a group with the columns of `schema`.
    pub fn new(batch: &'a RecordBatch, cells: &'a [Cell], schema: &'a Schema) -> Self {
        Self { batch, cells, schema }
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The columns of every element.
    pub fn schema(&self) -> &'a Schema {
        self.schema
    }

    /// The elements in order. A cell that is no group counts as a group of that one field.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Group<'a>> + use<'a> {
        let Self { batch, schema, cells } = *self;
        cells.iter().map(move |cell| match cell {
            Cell::Group(span) => Group::new(batch, batch.cells(*span), schema),
            _ => Group::new(batch, std::slice::from_ref(cell), schema),
        })
    }

    /// Appends a JSON array of the elements.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (at, element) in self.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            element.write_json(out);
        }
        out.push(b']');
    }
}

impl<'a> Group<'a> {
    /// The group of these cells of `batch`, in the order of `schema`.
    pub fn new(batch: &'a RecordBatch, cells: &'a [Cell], schema: &'a Schema) -> Self {
        Self { batch, cells, schema }
    }

    /// The cells of its fields, in the order of the schema.
    pub fn cells(&self) -> &'a [Cell] {
        self.cells
    }

    /// Its columns.
    pub fn schema(&self) -> &'a Schema {
        self.schema
    }

    /// The batch that its cells point into.
    pub fn batch(&self) -> &'a RecordBatch {
        self.batch
    }

    /// The field at `index` of the schema, as the source has it; `Null` where there is none.
    ///
    /// # Errors
    /// As [`Value::from_cell`].
    pub fn get(&self, index: usize) -> Result<Value<'a>, NoValue> {
        match (self.cells.get(index), self.schema.columns().get(index)) {
            (Some(cell), Some(column)) => Value::from_cell(*cell, self.batch, &column.kind),
            _ => Ok(Value::Null),
        }
    }

    /// Appends a JSON object of the fields; one that has no value of its own is `null`.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (at, column) in self.schema.columns().iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            write_json_string(out, &column.name);
            out.push(b':');
            self.get(at).unwrap_or_default().write_json(out);
        }
        out.push(b'}');
    }
}

impl PartialEq for List<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.cells, other.cells)
    }
}

impl PartialEq for Group<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.cells, other.cells)
    }
}

impl fmt::Debug for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "List({} elements)", self.len())
    }
}

impl fmt::Debug for Group<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Group({} fields)", self.cells.len())
    }
}
