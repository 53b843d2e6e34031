//! An expression as both sides write it.

use super::rows::Row;

/// Kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Text,
    Int,
    /// A whole number that PostgreSQL takes as `int`.
    Small,
    Number,
    Float,
    Bool,
    Date,
    Timestamp,
    Instant,
    Time,
    Interval,
}

impl Kind {
    pub const ALL: [Self; 11] = [
        Self::Text,
        Self::Int,
        Self::Small,
        Self::Number,
        Self::Float,
        Self::Bool,
        Self::Date,
        Self::Timestamp,
        Self::Instant,
        Self::Time,
        Self::Interval,
    ];
}

/// Both texts of an expression, and what it is made of.
#[derive(Debug, Clone)]
pub struct Sql {
    pub ours: String,
    pub theirs: String,
    /// The function, the operator or the syntax.
    pub name: &'static str,
    /// None for what is no value by itself: a unit, a pattern, something inside of a function over a list.
    pub kind: Option<Kind>,
    pub operands: Vec<Sql>,
}

impl Sql {
    pub fn both(text: impl Into<String>) -> Self {
        let ours = text.into();
        Self { theirs: ours.clone(), ours, name: "", kind: None, operands: Vec::new() }
    }

    pub fn pair(ours: impl Into<String>, theirs: impl Into<String>) -> Self {
        Self { theirs: theirs.into(), ..Self::both(ours) }
    }

    /// `template` with `{}` for each operand in turn.
    pub fn of(template: &str, operands: &[Sql]) -> Self {
        let fill = |side: fn(&Sql) -> &str| {
            let mut pieces = template.split("{}");
            let mut text = pieces.next().unwrap_or_default().to_owned();
            for (piece, operand) in pieces.zip(operands) {
                text += side(operand);
                text += piece;
            }
            text
        };
        let (ours, theirs) = (fill(|sql| &sql.ours), fill(|sql| &sql.theirs));
        Self { operands: operands.to_vec(), ..Self::pair(ours, theirs) }
    }

    pub fn theirs_as(self, template: &str) -> Self {
        Self { theirs: template.replace("{}", &self.theirs), ..self }
    }

    pub fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub fn kind(self, kind: Kind) -> Self {
        Self { kind: Some(kind), ..self }
    }

    /// The operands that are values.
    pub fn values(&self) -> impl Iterator<Item = &Sql> {
        self.operands.iter().filter(|operand| operand.kind.is_some())
    }

    /// It and everything in it that is a value.
    pub fn size(&self) -> usize {
        1 + self.values().map(Sql::size).sum::<usize>()
    }

    /// The text of its value. An interval is shown as its parts: how it is written as text is not compared.
    pub fn shown(&self) -> (String, String) {
        let text = |sql: &str| format!("({sql})::text");
        let parts = |text: &str| {
            format!(
                "round(extract(year FROM {text})::decimal * 12 + extract(month FROM {text})::decimal, 0)::text || '/' || \
                 round(extract(day FROM {text})::decimal, 0)::text || '/' || \
                 round(extract(epoch FROM {text})::decimal, 6)::text"
            )
        };
        if self.kind == Some(Kind::Interval) {
            return (text(&parts(&self.ours)), text(&parts(&self.theirs)));
        }
        (text(&self.ours), text(&self.theirs))
    }
}

/// What is asked: the text of an expression on either side, and the record.
#[derive(Debug, Clone)]
pub struct Case {
    pub sql: Sql,
    pub ours: String,
    pub theirs: String,
    pub row: Row,
}

impl Case {
    pub fn new(sql: Sql, row: Row) -> Self {
        let (ours, theirs) = sql.shown();
        Self { sql, ours, theirs, row }
    }

    /// Only whether both take the expression, whose type nobody knows.
    pub fn taken(sql: Sql, row: Row) -> Self {
        let ours = format!("(({}) IS NULL)::text", sql.ours);
        let theirs = format!("(({}) IS NULL)::text", sql.theirs);
        Self { sql, ours, theirs, row }
    }

    /// Whether a list is asked.
    pub fn is_over_list(&self) -> bool {
        self.ours.contains("LIST")
    }
}
