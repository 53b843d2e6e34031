//! What the columns of a batch are called and what their cells may hold.

use std::sync::Arc;

use sha2::{Digest, Sha256};

/// The type of a column as the *source* knows it. A CSV file knows only text; a database knows more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnType {
    /// Characters.
    Text,
    /// Truth values.
    Bool,
    /// Whole numbers of at most 64 bits.
    Int,
    /// Binary floating point.
    Float,
    /// Exact decimals; `Decimal` cells, or `Number` where they are longer.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// Calendar dates.
    Date,
    /// Times of day.
    Time,
    /// Local date and time, no zone.
    Timestamp,
    /// Points in time.
    Instant,
    /// UUIDs, as canonical lower-case text cells.
    Uuid,
    /// Octets.
    Bytes,
    /// A repeated nested record.
    List(Arc<Schema>),
    /// A nested record.
    Group(Arc<Schema>),
}

/// One column of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name exactly as the source spells it; matched without case folding.
    pub name: Arc<str>,
    /// What its cells may hold besides `Null`.
    pub kind: ColumnType,
    /// Whether the source allows `Null`. A text format always does.
    pub nullable: bool,
}

impl Column {
    /// A nullable text column, the only kind that text formats know.
    pub fn text(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), kind: ColumnType::Text, nullable: true }
    }
}

/// The ordered columns of a batch. Immutable and shared; a source whose columns change closes the batch and
/// starts another with a new schema.
#[derive(Debug, PartialEq, Eq)]
pub struct Schema {
    columns: Vec<Column>,
    fingerprint: [u8; 8],
}

impl Schema {
    /// A schema of these columns, in this order.
    pub fn new(columns: Vec<Column>) -> Arc<Self> {
        let mut hash = Sha256::new();
        digest(&columns, &mut hash);
        let mut fingerprint = [0; 8];
        fingerprint.copy_from_slice(&hash.finalize()[..8]);
        Arc::new(Self { columns, fingerprint })
    }

    /// The columns in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Where the column of exactly this name stands.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| &*column.name == name)
    }

    /// Equal for equal schemas, across processes and versions: the first eight bytes of SHA-256 over names,
    /// types and nullability.
    pub fn fingerprint(&self) -> [u8; 8] {
        self.fingerprint
    }
}

fn digest(columns: &[Column], hash: &mut Sha256) {
    for column in columns {
        hash.update((column.name.len() as u32).to_be_bytes());
        hash.update(column.name.as_bytes());
        hash.update([u8::from(column.nullable)]);
        match &column.kind {
            ColumnType::Text => hash.update(b"t"),
            ColumnType::Bool => hash.update(b"b"),
            ColumnType::Int => hash.update(b"i"),
            ColumnType::Float => hash.update(b"f"),
            ColumnType::Decimal { precision, scale } => hash.update([b'd', *precision, *scale]),
            ColumnType::Date => hash.update(b"D"),
            ColumnType::Time => hash.update(b"T"),
            ColumnType::Timestamp => hash.update(b"S"),
            ColumnType::Instant => hash.update(b"I"),
            ColumnType::Uuid => hash.update(b"u"),
            ColumnType::Bytes => hash.update(b"B"),
            ColumnType::List(inner) => {
                hash.update(b"[");
                digest(&inner.columns, hash);
                hash.update(b"]");
            }
            ColumnType::Group(inner) => {
                hash.update(b"{");
                digest(&inner.columns, hash);
                hash.update(b"}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_follows_names_order_type_and_nullability() {
        let base = Schema::new(vec![Column::text("a"), Column::text("b")]);
        assert_eq!(
            base.fingerprint(),
            Schema::new(vec![Column::text("a"), Column::text("b")]).fingerprint()
        );
        let mut required = Column::text("b");
        required.nullable = false;
        let int = Column { name: "b".into(), kind: ColumnType::Int, nullable: true };
        let list = Column {
            name: "b".into(),
            kind: ColumnType::List(Schema::new(vec![])),
            nullable: true,
        };
        for other in [
            vec![Column::text("b"), Column::text("a")],
            vec![Column::text("ab")],
            vec![Column::text("a"), required],
            vec![Column::text("a"), int],
            vec![Column::text("a"), list],
        ] {
            assert_ne!(base.fingerprint(), Schema::new(other).fingerprint());
        }
    }

    #[test]
    fn columns_are_found_by_exact_name_only() {
        let schema = Schema::new(vec![Column::text("FEC_ALTA")]);
        assert_eq!(schema.index_of("FEC_ALTA"), Some(0));
        assert_eq!(schema.index_of("fec_alta"), None);
    }
}
