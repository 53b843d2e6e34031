//! Several kinds of record in one file, as configured.

use std::sync::Arc;

use acequia_api::{Projection, RecordError};

use super::{
    Kind, KindTrailer, Records,
    dialect::{Faults, check_trailer, field},
    layout::{Layout, ListColumn},
    trailer::{Marks, Trailer},
};
use crate::encoding::Encoding;

/// The kinds of a file; their numbers are their places in the list.
#[derive(Debug, Clone)]
pub(super) struct Kinds {
    /// The field that tells the kind, from 0.
    pub(super) by: usize,
    list: Vec<Plan>,
    /// The number of the kind that stands by itself.
    head: usize,
}

#[derive(Debug, Clone)]
struct Plan {
    key: Vec<u8>,
    fields: Vec<Arc<str>>,
    role: Role,
}

/// What a kind is in the file.
#[derive(Debug, Clone)]
pub(super) enum Role {
    /// It stands by itself and begins a group.
    Head,
    /// It belongs to the group, as an element of this list.
    Detail(Arc<str>),
    /// It ends the file.
    Trailer(Trailer),
    /// It is passed over.
    Skip,
}

impl Kinds {
    /// The number and role of the kind that a record names.
    pub(super) fn of(&self, key: Option<&[u8]>) -> Option<(usize, &Role)> {
        let key = key?;
        let found = self.list.iter().position(|plan| plan.key == key)?;
        Some((found, &self.list[found].role))
    }

    pub(super) fn head(&self) -> usize {
        self.head
    }

    /// How many fields records of a kind have.
    pub(super) fn width(&self, kind: usize) -> usize {
        self.list[kind].fields.len()
    }

    pub(super) fn trailer(&self) -> Option<&Trailer> {
        self.list.iter().find_map(|plan| match &plan.role {
            Role::Trailer(trailer) => Some(trailer),
            _ => None,
        })
    }

    /// The layout of every kind by its number; of the one that stands by itself what `projection` asks for.
    ///
    /// # Errors
    /// A wanted column is no field and no list.
    pub(super) fn layouts(&self, projection: &Projection) -> Result<Vec<Layout>, RecordError> {
        let mut layouts: Vec<Layout> =
            self.list.iter().map(|plan| Layout::all(&plan.fields, &[])).collect();
        let lists: Vec<ListColumn> = (0..)
            .zip(&self.list)
            .filter_map(|(kind, plan)| match &plan.role {
                Role::Detail(name) => {
                    let schema = Arc::clone(&layouts[kind].schema);
                    Some(ListColumn { name: Arc::clone(name), kind, schema })
                }
                _ => None,
            })
            .collect();
        layouts[self.head] = Layout::of(&self.list[self.head].fields, &lists, projection)?;
        Ok(layouts)
    }
}

const CODE: &str = "config.csv.records";

/// Makes the kinds ready. What it gives after a fault is not to be read with.
pub(super) fn compile(records: &Records, encoding: &Encoding, faults: &mut Faults) -> Kinds {
    if records.by == 0 {
        faults.add(&["records", "by"], CODE, "columns are numbered from 1".to_owned(), "");
    }
    let mut list = Vec::new();
    for (name, kind) in &records.kinds {
        let keys = ["records", "kinds", name];
        let key = encoding.encode(name).unwrap_or_else(|| {
            let message = format!("`{name}` cannot be written in {}", encoding.name());
            faults.add(&keys, CODE, message, "");
            Vec::new()
        });
        let role = role(records, name, kind, faults);
        let fields = kind.fields.iter().flatten().map(|name| Arc::from(name.as_str())).collect();
        list.push(Plan { key, fields, role });
    }
    let heads: Vec<usize> = (0..)
        .zip(&list)
        .filter(|(_, plan)| matches!(plan.role, Role::Head))
        .map(|(at, _)| at)
        .collect();
    if heads.len() != 1 {
        let message = format!("{} kinds stand by themselves, exactly one must", heads.len());
        let hint = "a detail is `under` another kind; what is of no interest is `skip: true`";
        faults.add(&["records", "kinds"], CODE, message, hint);
    }
    let trailers = list.iter().filter(|plan| matches!(plan.role, Role::Trailer(_))).count();
    if trailers > 1 {
        let message = format!("{trailers} kinds are trailers, at most one may be");
        faults.add(&["records", "kinds"], CODE, message, "");
    }
    let head = heads.first().copied().unwrap_or_default();
    unique_names(records, faults);
    Kinds { by: records.by.saturating_sub(1), list, head }
}

fn role(records: &Records, name: &str, kind: &Kind, faults: &mut Faults) -> Role {
    let keys = ["records", "kinds", name];
    let said = [kind.fields.is_some(), kind.trailer.is_some(), kind.skip];
    if said.iter().filter(|said| **said).count() != 1 {
        let message = "a kind has exactly one of `fields`, `trailer`, `skip`".to_owned();
        faults.add(&keys, CODE, message, "");
    }
    if kind.fields.as_ref().is_some_and(|fields| fields.len() < records.by) {
        let message = format!("it has no column {} to tell its kind", records.by);
        faults.add(&keys, CODE, message, "`fields` lists every field, the one of the kind too");
    }
    if kind.under.is_some() != kind.list.is_some() {
        let message = "`under` and `as` belong together".to_owned();
        faults.add(&keys, CODE, message, "`under: C, as: LINES`");
    }
    if let Some(under) = &kind.under {
        let above = records.kinds.get(under);
        if above.is_none_or(|above| above.under.is_some() || above.fields.is_none()) {
            let message = format!("`{under}` is no kind that stands by itself");
            faults.add(
                &[keys[0], keys[1], name, "under"],
                CODE,
                message,
                "details cannot be nested",
            );
        }
    }
    match (&kind.trailer, &kind.list) {
        (Some(trailer), _) => Role::Trailer(compile_trailer(records, name, trailer, faults)),
        (None, Some(list)) => Role::Detail(Arc::from(list.as_str())),
        (None, None) if kind.skip => Role::Skip,
        (None, None) => Role::Head,
    }
}

fn compile_trailer(
    records: &Records,
    name: &str,
    said: &KindTrailer,
    faults: &mut Faults,
) -> Trailer {
    let keys = ["records", "kinds", name, "trailer"];
    let counted = said.count_of.as_ref().map(|counted| {
        let found = records.kinds.iter().position(|(name, _)| name == counted);
        let fields = records.kinds.get(counted).and_then(|kind| kind.fields.as_ref());
        if fields.is_none() {
            faults.add(&keys, CODE, format!("`{counted}` is no kind with `fields`"), "");
        }
        (found.unwrap_or_default(), fields)
    });
    let summed = said.sum_of.as_ref().and_then(|column| {
        let fields = counted.and_then(|(_, fields)| fields);
        let found = fields.and_then(|fields| fields.iter().position(|field| field == column));
        if found.is_none() {
            let message = format!("`count_of` names no kind with a field `{column}`");
            faults.add(&keys, CODE, message, "`sum_of` is a field of the kind in `count_of`");
        }
        found
    });
    let trailer = Trailer {
        prefix: None,
        kind: counted.map(|(kind, _)| kind),
        count: field(&keys, said.count, faults),
        sum: field(&keys, said.sum, faults),
        sum_of: said.sum_of.clone(),
        summed,
        marks: Marks { decimal: said.decimal.unwrap_or('.'), group: said.group },
    };
    check_trailer(&keys, &trailer, faults);
    trailer
}

/// Every name of a group is there once: fields of a kind, lists beside the fields they join.
fn unique_names(records: &Records, faults: &mut Faults) {
    let lists = records.kinds.values().filter_map(|kind| kind.list.as_ref());
    for (name, kind) in &records.kinds {
        let own = kind.fields.iter().flatten();
        let mut names: Vec<&String> = own.collect();
        if kind.under.is_none() && kind.fields.is_some() {
            names.extend(lists.clone());
        }
        names.sort();
        if let Some([name_twice, _]) = names.array_windows().find(|[one, next]| one == next) {
            let message = format!("the name `{name_twice}` stands here twice");
            faults.add(&["records", "kinds", name], CODE, message, "");
        }
    }
}
