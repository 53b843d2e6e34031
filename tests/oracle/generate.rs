//! Expressions in pairs: as Acequia and as PostgreSQL read them.
//!
//! Nearly always both are the same text. They differ where PostgreSQL has several types for one of ours: whole
//! numbers are written `::bigint` there, `::int` where a function takes no larger ones, texts that are ordered get
//! the collation `C`, and columns of a list are those of `unnest`.
//!
//! A [`Shape`] is asked in three ways: by itself, its operands being such that only it can fail; as a part of trees, whose
//! every operand is again an expression; and wrongly, with operands of other types or another number of them.

use std::collections::HashMap;

use acequia::mapping::{
    expr::{MAX_LENGTH, Param, Signature, compile},
    value::Type,
};

use super::{
    forms::{ELEMENTS, FORMS, Form, LISTS},
    rows::{Columns, Row},
    sql::{Case, Kind, Sql},
};

/// One function for one combination of types, one piece of syntax, or trees of them.
#[derive(Debug)]
pub struct Shape {
    pub name: String,
    pub build: Build,
}

#[derive(Debug)]
pub enum Build {
    Call(Signature),
    Form(&'static Form),
    /// Trees that give a kind, with functions over a list among them or not.
    Tree(Kind, bool),
}

/// The most functions in one tree.
const MOST_NODES: usize = 14;

pub fn shapes(signatures: &[Signature]) -> Vec<Shape> {
    let calls = signatures.iter().map(|signature| Shape {
        name: format!("{}{:?}", signature.name, signature.params),
        build: Build::Call(signature.clone()),
    });
    let forms = FORMS
        .iter()
        .chain(LISTS)
        .map(|form| Shape { name: form.name.to_owned(), build: Build::Form(form) });
    let trees = Kind::ALL.into_iter().filter(|kind| *kind != Kind::Small).flat_map(|kind| {
        let tree = |lists: bool| Shape {
            name: format!("trees of {kind:?}{}", if lists { " over lists" } else { "" }),
            build: Build::Tree(kind, lists),
        };
        let with_lists = matches!(kind, Kind::Text | Kind::Int | Kind::Number | Kind::Bool);
        [Some(tree(false)), with_lists.then(|| tree(true))].into_iter().flatten()
    });
    calls.chain(forms).chain(trees).collect()
}

/// How a shape is asked wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The operand after so many others is of another kind.
    Kind(usize),
    /// One operand is missing, or there is one more.
    Fewer,
    More,
    /// What must be written there is not known.
    Literal,
    /// An operand has a name that does not exist.
    Name,
    /// It has been.
    Done,
}

#[derive(Default)]
pub struct Generator {
    pub(super) random: fastrand::Rng,
    /// So many levels are still to be filled with functions.
    depth: usize,
    /// So many functions may still be used.
    nodes: usize,
    /// Whether trees are made: then nothing may be left to a difference of PostgreSQL's types.
    pub(super) composing: bool,
    pub(super) lists: bool,
    /// Whether columns are those of the list.
    pub(super) inside: bool,
    pub(super) wrong: Option<Wrong>,
    /// The kind of operands that may be of any.
    pub(super) comparable: Option<Kind>,
    /// What gives a kind.
    calls: HashMap<Kind, Vec<Signature>>,
    pub(super) kinds: HashMap<String, Kind>,
}

impl Generator {
    pub fn new(seed: u64, signatures: &[Signature]) -> Self {
        let mut generator = Self { random: fastrand::Rng::with_seed(seed), ..Self::default() };
        for signature in signatures {
            let sql = generator.call(signature);
            let kind = compile(&sql.ours, &Columns).ok().and_then(|expr| kind_of(expr.kind()));
            let Some(kind) = kind else { continue };
            generator.kinds.insert(format!("{}{:?}", signature.name, signature.params), kind);
            let any = signature.params.contains(&Param::Comparable);
            let kinds = if any {
                vec![Kind::Int, Kind::Number, Kind::Text, Kind::Date, Kind::Timestamp, Kind::Bool]
            } else {
                vec![kind]
            };
            for kind in kinds {
                generator.calls.entry(kind).or_default().push(signature.clone());
            }
        }
        generator
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        self.random.usize(..end)
    }

    pub(super) fn pick(&mut self, texts: &[&'static str]) -> &'static str {
        texts[self.below(texts.len())]
    }

    /// A case of a shape.
    pub fn case(&mut self, shape: &Shape) -> Case {
        Case::new(self.sql(shape), Row::random(&mut self.random))
    }

    fn sql(&mut self, shape: &Shape) -> Sql {
        match &shape.build {
            Build::Form(form) => self.form(form),
            Build::Call(signature) => self.call(signature),
            Build::Tree(kind, lists) => self.tree_of(*kind, *lists),
        }
    }

    /// A case that should be refused before there is a record.
    pub fn misuse(&mut self, shape: &Shape) -> Case {
        let (places, function, written) = match &shape.build {
            Build::Call(signature) => (
                signature.params.len(),
                signature.name.starts_with(char::is_alphabetic)
                    && !signature.name.ends_with("like"),
                signature.params.contains(&Param::Literal),
            ),
            _ => (3, false, false),
        };
        self.wrong = Some(match self.random.u8(..8) {
            0 if function => Wrong::Fewer,
            1 if function => Wrong::More,
            2 | 3 if written => Wrong::Literal,
            4 => Wrong::Name,
            _ => Wrong::Kind(self.below(places)),
        });
        let sql = self.sql(shape);
        self.wrong = None;
        self.inside = false;
        Case::taken(sql, Row::full(&mut self.random))
    }

    fn tree_of(&mut self, kind: Kind, lists: bool) -> Sql {
        loop {
            self.composing = true;
            self.lists = lists;
            self.depth = 2 + self.below(4);
            self.nodes = MOST_NODES;
            let sql = self.tree(kind);
            self.composing = false;
            self.lists = false;
            self.depth = 0;
            let enough = !lists || sql.ours.contains("LIST");
            if enough && sql.shown().0.len() <= MAX_LENGTH {
                return sql;
            }
        }
    }

    /// Something that gives a kind, made of others.
    fn tree(&mut self, kind: Kind) -> Sql {
        self.depth -= 1;
        self.nodes = self.nodes.saturating_sub(1);
        let forms: Vec<&'static Form> =
            FORMS.iter().filter(|form| form.kind == Some(kind)).collect();
        let lists: Vec<&'static Form> =
            LISTS.iter().filter(|form| form.kind == Some(kind)).collect();
        let calls = self.calls.get(&kind).map_or(0, Vec::len);
        let sql = if kind == Kind::Small {
            Sql::of("mod({}, 7)", &[self.of(Kind::Int)]).theirs_as("({})::int").named("mod")
        } else if self.lists && !self.inside && !lists.is_empty() && self.below(3) == 0 {
            let at = self.below(lists.len());
            self.form(lists[at])
        } else {
            match self.below(calls + forms.len()) {
                at if at < calls => {
                    let signature = self.calls[&kind][at].clone();
                    self.comparable = Some(kind);
                    let sql = self.call(&signature);
                    self.comparable = None;
                    sql
                }
                at => self.form(forms[at - calls]),
            }
        };
        self.depth += 1;
        sql.kind(kind)
    }

    pub(super) fn form(&mut self, form: &'static Form) -> Sql {
        let sql = (form.build)(self).named(form.name);
        let sql = match form.kind {
            Some(Kind::Int) if self.composing => sql.theirs_as("({})::bigint"),
            _ => sql,
        };
        Sql { kind: form.kind, ..sql }
    }

    /// An operand: a column, a literal, or an expression of them that cannot fail; in a tree mostly another tree.
    pub(super) fn of(&mut self, kind: Kind) -> Sql {
        if let Some(wrong) = self.wrong {
            return self.wrong_operand(wrong, kind);
        }
        if self.depth > 0 && self.nodes > 0 && self.random.u8(..10) < 7 {
            return self.tree(kind);
        }
        // What it is made of is no operand of the function that is asked about.
        let depth = self.without_depth();
        let sql = self.simple(kind).kind(kind);
        self.restore_depth(depth);
        sql
    }

    /// From here on no trees; gives what [`restore_depth`](Self::restore_depth) needs.
    pub(super) fn without_depth(&mut self) -> usize {
        std::mem::take(&mut self.depth)
    }

    pub(super) fn restore_depth(&mut self, depth: usize) {
        self.depth = depth;
    }

    /// A column, unless it is the one that is to be of another kind.
    fn wrong_operand(&mut self, wrong: Wrong, kind: Kind) -> Sql {
        match wrong {
            Wrong::Kind(0) => {
                self.wrong = Some(Wrong::Done);
                return self.another(kind);
            }
            Wrong::Kind(after) => self.wrong = Some(Wrong::Kind(after - 1)),
            Wrong::Name => {
                return Sql::pair(if self.inside { "LIST.q" } else { "q9" }, "q9").kind(kind);
            }
            Wrong::Fewer | Wrong::More | Wrong::Literal | Wrong::Done => {}
        }
        self.column(kind).kind(kind)
    }

    /// An operand of another kind.
    fn another(&mut self, kind: Kind) -> Sql {
        let whole = |kind: Kind| matches!(kind, Kind::Int | Kind::Small);
        let other = loop {
            let other = Kind::ALL[self.below(Kind::ALL.len())];
            let there = !self.inside || ELEMENTS.contains(&other);
            if other != kind && !(whole(kind) && whole(other)) && there {
                break other;
            }
        };
        self.column(other).kind(other)
    }

    pub(super) fn column(&mut self, kind: Kind) -> Sql {
        let element = match kind {
            Kind::Text => "t",
            Kind::Int => "a",
            Kind::Number => "n",
            Kind::Float => "f",
            Kind::Bool => "b",
            Kind::Date => "d",
            _ => "",
        };
        if self.inside && !element.is_empty() {
            return Sql::pair(format!("LIST.{element}"), format!("x.{element}"));
        }
        Sql::both(match kind {
            Kind::Text => self.pick(&["t0", "t1", "t2"]),
            Kind::Int => self.pick(&["i0", "i1"]),
            Kind::Small => {
                let name = self.pick(&["k0", "k1"]);
                return Sql::pair(name, format!("{name}::int"));
            }
            Kind::Number => self.pick(&["n0", "n1", "n2"]),
            Kind::Float => self.pick(&["f0", "f1"]),
            Kind::Bool => self.pick(&["b0", "b1"]),
            Kind::Date => self.pick(&["d0", "d1"]),
            Kind::Timestamp => self.pick(&["s0", "s1"]),
            Kind::Instant => self.pick(&["z0", "z1"]),
            Kind::Time => self.pick(&["h0", "h1"]),
            Kind::Interval => "INTERVAL '1 day'",
        })
    }

    fn simple(&mut self, kind: Kind) -> Sql {
        match (kind, self.random.u8(..10)) {
            (Kind::Text, 6) => Sql::both(self.pick(&["'abc'", "''", "'x y'", "'Ñ'", "'it''s'"])),
            (Kind::Text, 7) => Sql::of("({} || {})", &[self.of(Kind::Text), self.of(Kind::Text)]),
            (Kind::Text, 8) => Sql::of("trim({})", &[self.of(Kind::Text)]),
            (Kind::Text, 9) => {
                Sql::of("coalesce({}, {})", &[self.of(Kind::Text), self.of(Kind::Text)])
            }
            (Kind::Int, 7) => Sql::pair("5", "5::bigint"),
            (Kind::Int, 8) => {
                Sql::of("length({})", &[self.of(Kind::Text)]).theirs_as("({})::bigint")
            }
            (Kind::Int, 9) => self.of(Kind::Small).theirs_as("({})::bigint"),
            (Kind::Small, 8..) => Sql::both(self.random.i64(0..5).to_string()),
            (Kind::Number, 7) => Sql::both(self.pick(&["1.50", "0.00", "100.0", "2.5"])),
            (Kind::Number, 8..) => Sql::of("({} + {})", &[Sql::both("n0"), self.of(Kind::Number)]),
            (Kind::Float, 8..) => Sql::of("{}::float8", &[self.of(Kind::Number)]),
            (Kind::Bool, 6) => Sql::both(self.pick(&["TRUE", "FALSE", "(NULL::bool)"])),
            (Kind::Bool, 7) => Sql::of("({} IS NULL)", &[self.of(Kind::Text)]),
            (Kind::Bool, 8..) => {
                Sql::of("({} <= {})", &[self.of(Kind::Number), self.of(Kind::Int)])
            }
            (Kind::Date, 8) => Sql::both("DATE '2020-02-29'"),
            (Kind::Date, 9) => Sql::of("{}::date", &[self.of(Kind::Timestamp)]),
            (Kind::Timestamp, 8) => Sql::both("TIMESTAMP '2021-03-28 02:30:00'"),
            (Kind::Timestamp, 9) => Sql::of("{}::timestamp", &[self.of(Kind::Date)]),
            (Kind::Instant, 8..) => Sql::both("TIMESTAMPTZ '2021-10-31 01:30:00+00:00'"),
            (Kind::Time, 8..) => Sql::both("TIME '23:59:59'"),
            (Kind::Interval, 0..=5) => Sql::both(self.pick(&[
                "INTERVAL '1 month'",
                "INTERVAL '-1 month'",
                "INTERVAL '1 year 2 months 3 days 04:05:06.5'",
                "INTERVAL '1 day'",
                "INTERVAL '90 minutes'",
                "INTERVAL '-3 days -00:00:01'",
                "INTERVAL '2 weeks'",
                "INTERVAL '1' YEAR",
                "INTERVAL '178000000 years'",
                "INTERVAL '2000000000 days'",
            ])),
            (Kind::Interval, 6) => Sql::both("(s0 - s1)"),
            (Kind::Interval, 7) => Sql::both("age(s0, s1)"),
            (Kind::Interval, _) => {
                Sql::of("(INTERVAL '1 month 1 day 1 second' * {})", &[self.of(Kind::Small)])
            }
            (kind, _) => self.column(kind),
        }
    }

    /// Texts that are ordered are ordered by code point.
    pub(super) fn ordered(sql: Sql) -> Sql {
        if sql.kind == Some(Kind::Text) { sql.theirs_as("({} COLLATE \"C\")") } else { sql }
    }

    pub(super) fn comparison(&mut self, kinds: &[Kind]) -> Sql {
        let operator = self.pick(&["=", "<>", "<", "<=", ">", ">="]);
        let (a, b) = (kinds[self.below(kinds.len())], kinds[self.below(kinds.len())]);
        let operands = [Self::ordered(self.of(a)), Self::ordered(self.of(b))];
        Sql::of(&format!("({{}} {operator} {{}})"), &operands)
    }
}

pub fn kind_of(kind: &Type) -> Option<Kind> {
    Some(match kind {
        Type::Text => Kind::Text,
        Type::Int => Kind::Int,
        Type::Decimal { .. } | Type::Number => Kind::Number,
        Type::Float => Kind::Float,
        Type::Bool => Kind::Bool,
        Type::Date => Kind::Date,
        Type::Timestamp => Kind::Timestamp,
        Type::Instant => Kind::Instant,
        Type::Time => Kind::Time,
        Type::Interval => Kind::Interval,
        _ => return None,
    })
}
