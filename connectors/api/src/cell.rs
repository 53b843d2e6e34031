//! The sixteen bytes in which every value of every record travels.

/// A range inside one of a batch's buffers. Only [`RowWriter`](crate::RowWriter) makes one, so a span is
/// always inside the batch it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl Span {
    /// Bytes (or cells) covered.
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether nothing is covered.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    pub(crate) fn range(self) -> std::ops::Range<usize> {
        let start = self.start as usize;
        start..start + self.len as usize
    }
}

/// One value of a record. `Copy`, sixteen bytes; variable data lives in the batch that owns the cell.
///
/// Decimals never pass through floating point: what fits is `Decimal`, anything longer is `Number`, the
/// canonical text of the number (`-?digits[.digits]`, no exponent, no superfluous zeros before the point).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Cell {
    /// The source says that there is no value. Never a substitute for a value that could not be read.
    #[default]
    Null,
    /// Truth value.
    Bool(bool),
    /// Whole number.
    Int(i64),
    /// Binary floating point, only where the source itself has it.
    Float(f64),
    /// `mantissa / 10^scale`.
    Decimal {
        /// The digits, as a whole number.
        mantissa: i64,
        /// How many of them stand after the point.
        scale: u8,
    },
    /// A number beyond `Decimal`, as canonical text.
    Number(Span),
    /// Days since 1970-01-01 in the proleptic Gregorian calendar.
    Date(i32),
    /// Time of day in ticks of 100 ns since midnight.
    Time(i64),
    /// Local date and time without a zone, in ticks of 100 ns since 1970-01-01T00:00:00.
    Timestamp(i64),
    /// A point in time, in ticks of 100 ns since 1970-01-01T00:00:00Z.
    Instant(i64),
    /// UTF-8, checked when it was written.
    Text(Span),
    /// Octets, uninterpreted.
    Bytes(Span),
    /// Elements of a repeated field; each element is a cell of the batch's nested buffer.
    List(Span),
    /// Fields of a nested record, in the order of its [`Schema`](crate::Schema).
    Group(Span),
}

const _: () = assert!(size_of::<Cell>() == 16);
