//! One mapping file → one program.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use acequia_api::Schema;
use sha2::{Digest, Sha256};

use super::{
    Context, cases, evidence::Evidence, field::Place, key, lets, privacy::judge_topic,
    scope::Names, source,
};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    mapping::{
        FieldInfo, Mapping,
        expr::{self, Expr, ExprError, Slot},
        file::{Each, MappingFile, inside},
        program::{Condition, EachPlan, Let, Needs, Produce, Program, Read, Source},
        zones::ZoneCode,
    },
    model::{Class, Form, FormCodes, Model, Text},
};

const FORM: FormCodes = FormCodes {
    unknown_key: "mapping.unknown_key",
    missing_key: "mapping.missing_key",
    wrong_shape: "mapping.wrong_shape",
    unknown_word: "mapping.unknown_word",
};

/// What is known while a mapping is being compiled.
pub(super) struct Compiler<'a> {
    pub(super) form: Form<'a>,
    pub(super) context: &'a Context<'a>,
    pub(super) names: Names,
    pub(super) sources: Vec<Source>,
    pub(super) top: Option<EachPlan>,
    pub(super) lets: Vec<Let>,
    pub(super) zones: Vec<ZoneCode>,
    /// Slots of columns of lists: slot, list, column.
    pub(super) elements: Vec<(Slot, usize, usize)>,
    /// Whether an expression could not be read, so that it is not known what it uses.
    pub(super) unread: bool,
    /// Slots of `let`s with mistakes: nothing more is said about what depends on them.
    pub(super) broken: Vec<Slot>,
    /// The tables that the mapping includes, for its version.
    pub(super) tables: BTreeSet<String>,
    /// Those of them that it looks up in.
    pub(super) looked_up: BTreeSet<String>,
    /// What fields say about the classes of columns.
    pub(super) evidence: Evidence,
    /// The conditions under which objects are there, as they are written and compiled.
    pub(super) presents: Vec<(Text, Expr)>,
    /// What is known about every field, for `explain` and the checks of the key.
    pub(super) info: Vec<FieldInfo>,
}

/// Checks `file` and compiles it. The mapping is given whenever its model is known; whether it may run is for
/// the caller to say, who sees the findings.
pub(super) fn compile(
    file: MappingFile,
    context: &Context<'_>,
) -> (Option<Mapping>, Vec<Diagnostic>) {
    let text = Arc::clone(&file.file);
    let mut compiler = Compiler::new(&text, context);
    compiler.sources = source::sources(&mut compiler.form, &file.from);
    if let Some(each) = &file.each {
        compiler.top_each(each);
    }
    compiler.name_sources(&file);
    let path = compiler.paths(&file);
    compiler.zones(&file);
    compiler.lets(&file.lets);
    let when = file.when.as_ref().and_then(|text| compiler.condition("when", text));
    let delete_when =
        file.delete_when.as_ref().and_then(|text| compiler.condition("delete_when", text));
    let to = file.to.as_ref();
    let mapping = to.and_then(|to| Some((compiler.model(to)?, &to.span))).map(|(model, at)| {
        let program = compiler.program(&file, (when, delete_when), &model, at);
        compiler.finish(&file, model, program)
    });
    let found = compiler.form.found;
    let mapping = mapping.map(|mut mapping| {
        mapping.path = path.map(|path| path.span);
        mapping.cases = file.cases;
        mapping
    });
    (mapping, found)
}

impl<'a> Compiler<'a> {
    fn new(file: &'a Arc<SourceFile>, context: &'a Context<'a>) -> Self {
        Self {
            form: Form::new(file, &FORM),
            context,
            names: Names::default(),
            sources: Vec::new(),
            top: None,
            lets: Vec::new(),
            zones: Vec::new(),
            elements: Vec::new(),
            unread: false,
            broken: Vec::new(),
            tables: BTreeSet::new(),
            looked_up: BTreeSet::new(),
            evidence: Evidence::default(),
            presents: Vec::new(),
            info: Vec::new(),
        }
    }
}

impl Compiler<'_> {
    fn program(
        &mut self,
        file: &MappingFile,
        (when, delete_when): (Option<Condition>, Option<Condition>),
        model: &Model,
        at: &Range<usize>,
    ) -> Program {
        self.evidence = self.evidence_of(&file.fields, &model.shape);
        let fields = self.members(&file.fields, &model.shape, &Place::root(), at);
        let conditions =
            [("when", &file.when, &when), ("delete_when", &file.delete_when, &delete_when)];
        let published = self.info.iter().filter_map(|info| info.class).max();
        let published = published.unwrap_or(Class::Public);
        for (word, text, condition) in conditions {
            if let (Some(text), Some(condition)) = (text, condition) {
                self.judge_condition(word, text, &condition.expr, published);
            }
        }
        for (text, condition) in std::mem::take(&mut self.presents) {
            self.judge_condition("present_if", &text, &condition, published);
        }
        let mut program = Program {
            sources: Vec::new(),
            lets: Vec::new(),
            slots: self.names.slots(),
            zones: Vec::new(),
            each: None,
            when,
            delete_when,
            key_alone: Needs::default(),
            key_needs: Needs::default(),
            needs: self.needs(key::reads(&fields)),
            key: Vec::new(),
            fields,
        };
        if let Some(key) = &file.key {
            self.key(key, &file.fields, &mut program);
        }
        plan(&mut program);
        cases::check(self, file, model);
        if self.names.slots() >= usize::from(Slot::MAX) {
            let message = "a mapping cannot have so many names";
            self.form.error("mapping.too_large", at.clone(), message);
        }
        self.unused(file);
        self.splits(file);
        let refused = judge_topic(&self.info, &file.file, &model.topic(), self.context.policies);
        self.form.found.extend(refused);
        program
    }

    fn model(&mut self, to: &Text) -> Option<Arc<Model>> {
        let model = self.context.models.get(&to.text);
        if model.is_none() {
            let message = format!("there is no model `{}`", to.text);
            let known = self.context.models.keys().map(String::as_str);
            let found = Diagnostic::error(
                "mapping.unknown_model",
                self.form.file,
                to.span.clone(),
                message,
            )
            .did_you_mean(&to.text, known);
            self.form.push(found);
        }
        model.cloned()
    }

    /// Takes the next slot.
    pub(super) fn slot(&mut self) -> Slot {
        self.names.slot()
    }

    fn top_each(&mut self, each: &Each) {
        if let Some(source) = self.list(&each.list) {
            self.top = Some(EachPlan { source, columns: Vec::new() });
        }
    }

    /// The source that is a list of this name.
    pub(super) fn list(&mut self, name: &Text) -> Option<usize> {
        let found = self.sources.iter().position(|source| *source.name == name.text);
        match found.map(|index| (index, &self.sources[index].read)) {
            Some((index, Read::List(_))) => {
                self.sources[index].used = true;
                return Some(index);
            }
            Some((index, Read::Value(_))) => {
                self.sources[index].used = true;
                let message = format!("`{}` is no list, `each` walks over one", name.text);
                self.form.error("mapping.each_no_list", name.span.clone(), message).help =
                    Some("declare it in `from` with `list: { … }`".into());
            }
            None => {
                let lists = self
                    .sources
                    .iter()
                    .filter(|source| matches!(source.read, Read::List(_)))
                    .map(|source| &*source.name);
                let message = format!("`from` has no list `{}`", name.text);
                let found = Diagnostic::error(
                    "mapping.unknown_source",
                    self.form.file,
                    name.span.clone(),
                    message,
                )
                .did_you_mean(&name.text, lists);
                self.form.push(found);
            }
        }
        None
    }

    /// Gives slots and names to the fields of `from` and to the columns of the list at the top.
    fn name_sources(&mut self, file: &MappingFile) {
        for index in 0..self.sources.len() {
            let slot = self.slot();
            let (name, kind) =
                (Arc::clone(&self.sources[index].name), source::kind(&self.sources[index]));
            self.names.add(&name, slot, kind);
            if let Read::List(columns) = &self.sources[index].read {
                let columns = columns
                    .iter()
                    .map(|column| (column.name.to_string(), source::kind(column)))
                    .collect();
                self.names.add_list(&name, index, columns);
            }
        }
        let (Some(source), Some(each)) = (self.top.as_ref().map(|plan| plan.source), &file.each)
        else {
            return;
        };
        let columns = self.name_columns(source, each.name.as_ref(), &each.list.span);
        if let Some(top) = &mut self.top {
            top.columns = columns;
        }
    }

    /// Makes the columns of a list visible, under their own names and as `NAME.COLUMN` where the element has a
    /// name; gives their slots.
    pub(super) fn name_columns(
        &mut self,
        source: usize,
        element: Option<&Text>,
        at: &Range<usize>,
    ) -> Vec<(usize, Slot)> {
        let Read::List(columns) = &self.sources[source].read else { return Vec::new() };
        let columns: Vec<_> =
            columns.iter().map(|column| (Arc::clone(&column.name), source::kind(column))).collect();
        let mut slots = Vec::with_capacity(columns.len());
        for (index, (name, kind)) in columns.into_iter().enumerate() {
            let slot = self.slot();
            slots.push((index, slot));
            self.elements.push((slot, source, index));
            let taken = self.names.names.iter().any(|known| known.name == *name);
            if let Some(element) = element {
                self.names.add(&format!("{}.{name}", element.text), slot, kind.clone());
            }
            match (taken, element) {
                (false, _) => self.names.add(&name, slot, kind),
                (true, Some(_)) => {}
                (true, None) => {
                    let message = format!("`{name}` is a field of the record and of the element");
                    self.form.error("mapping.ambiguous_name", at.clone(), message).help =
                        Some("name the element with `as`, and write `NAME.COLUMN`".into());
                }
            }
        }
        slots
    }

    fn condition(&mut self, name: &str, text: &Text) -> Option<Condition> {
        let compiled = expr::condition(&text.text, &self.names);
        let expr = self.expr_errors(text, compiled)?;
        let needs = self.needs(expr.slots().collect());
        Some(Condition { name: name.into(), expr, needs })
    }

    /// Compiles an expression of any type.
    pub(super) fn expression(&mut self, text: &Text) -> Option<Expr> {
        let compiled = expr::compile(&text.text, &self.names);
        self.expr_errors(text, compiled)
    }

    pub(super) fn expr_errors(
        &mut self,
        text: &Text,
        compiled: Result<Expr, Vec<ExprError>>,
    ) -> Option<Expr> {
        match compiled {
            Ok(expr) => return Some(expr),
            Err(errors) => {
                self.unread = true;
                for error in errors {
                    let span = inside(self.form.file, text, error.span);
                    self.form.error(error.code, span, error.message).help = error.help;
                }
            }
        }
        None
    }

    /// What must be filled so that these slots can be read.
    pub(super) fn needs(&self, slots: Vec<Slot>) -> Needs {
        let mut needs = Needs::default();
        let mut open = slots;
        while let Some(slot) = open.pop() {
            if usize::from(slot) < self.sources.len() {
                needs.sources.push(usize::from(slot));
                let zones = self.zones.iter().filter(|code| code.source == usize::from(slot));
                open.extend(zones.flat_map(ZoneCode::slots));
            } else if let Some(column) = self
                .top
                .as_ref()
                .and_then(|top| top.columns.iter().position(|(_, column)| *column == slot))
            {
                needs.columns.push(column);
                open.extend(self.zone_of_element(slot));
            } else if let Some(index) = self.lets.iter().position(|step| step.slot == slot)
                && !needs.lets.contains(&index)
            {
                needs.lets.push(index);
                open.extend(self.lets[index].step.slots());
            } else {
                open.extend(self.zone_of_element(slot));
            }
        }
        for list in [&mut needs.sources, &mut needs.columns, &mut needs.lets] {
            list.sort_unstable();
            list.dedup();
        }
        needs
    }

    /// What must be filled so that the column of an element in this slot has its zone.
    fn zone_of_element(&self, slot: Slot) -> Vec<Slot> {
        let element = self.elements.iter().find(|(known, ..)| *known == slot);
        let zone = element.and_then(|(_, list, column)| {
            let wanted = (*list, Some(*column));
            self.zones.iter().find(|code| (code.source, code.column) == wanted)
        });
        zone.map(|code| code.slots().collect()).unwrap_or_default()
    }

    /// Warns of what is declared and never used, and marks what is read.
    fn unused(&mut self, file: &MappingFile) {
        for (index, entry) in file.from.iter().enumerate() {
            if self.names.is_used(index as Slot) {
                self.sources[index].used = true;
            }
            if !self.sources[index].used && !self.unread {
                let message = format!("source field `{}` is never used", entry.name.text);
                let help = "remove it: what is not used is not read from the source at all";
                let warning = Diagnostic::warning(
                    "mapping.unused_source",
                    self.form.file,
                    entry.name.span.clone(),
                    message,
                );
                self.form.push(warning.help(help));
            }
        }
        for (source, column) in self.names.opened() {
            self.mark_columns(source, &[column]);
        }
        if let Some(top) = &self.top {
            let used: Vec<usize> = top
                .columns
                .iter()
                .filter(|(_, slot)| self.names.is_used(*slot))
                .map(|(column, _)| *column)
                .collect();
            self.mark_columns(top.source, &used);
        }
        if !self.unread {
            lets::unused(self, file);
        }
    }

    /// Marks columns of a list as read.
    pub(super) fn mark_columns(&mut self, source: usize, used: &[usize]) {
        if let Read::List(columns) = &mut self.sources[source].read {
            for column in used {
                columns[*column].used = true;
            }
        }
    }

    fn finish(&mut self, file: &MappingFile, model: Arc<Model>, mut program: Program) -> Mapping {
        program.sources = std::mem::take(&mut self.sources);
        program.lets = std::mem::take(&mut self.lets);
        program.zones = std::mem::take(&mut self.zones);
        program.each = self.top.take();
        let info = std::mem::take(&mut self.info);
        let class = info.iter().filter_map(|info| info.class).max().unwrap_or(Class::Public);
        Mapping {
            name: file.name.text.as_str().into(),
            version: self.version(&model),
            lookups: self
                .looked_up
                .iter()
                .filter_map(|name| Some(self.context.tables.get(name)?.reference()))
                .collect(),
            class,
            policy: self.context.policies.of(&model.topic()).cloned(),
            key_field: file.key.as_ref().map(|key| key.text.clone()).unwrap_or_default(),
            key_span: file.key.as_ref().map_or(0..0, |key| key.span.clone()),
            path: None,
            file: Arc::clone(self.form.file),
            cases: Vec::new(),
            title: file.title.clone(),
            model,
            info,
            program,
        }
    }

    /// Content hash of the file and everything it includes.
    fn version(&self, model: &Model) -> String {
        let mut hash = Sha256::new();
        let mut part = |name: &str, text: &str| {
            for piece in [name, text] {
                hash.update((piece.len() as u64).to_be_bytes());
                hash.update(piece);
            }
        };
        part("mapping", self.form.file.text());
        part("model", model.file.text());
        part("types", &model.types);
        for name in &self.tables {
            if let Some(table) = self.context.tables.get(name) {
                part(name, table.file.text());
            }
        }
        data_encoding::HEXLOWER.encode(&hash.finalize()[..6])
    }
}

/// Leaves out of each step what the steps before it have filled.
fn plan(program: &mut Program) {
    program.key_needs = program.key_alone.clone();
    let mut filled = Needs::default();
    for condition in [&mut program.when, &mut program.delete_when].into_iter().flatten() {
        condition.needs = std::mem::take(&mut condition.needs).without(&filled);
        filled.sources.extend(&condition.needs.sources);
        filled.columns.extend(&condition.needs.columns);
        filled.lets.extend(&condition.needs.lets);
    }
    for needs in [&mut program.key_needs, &mut program.needs] {
        *needs = std::mem::take(needs).without(&filled);
    }
}

/// A schema as a source without types of its own has it: text in every column, whatever the mapping makes of it.
pub(in crate::mapping) fn text_schema<'s>(
    sources: impl Iterator<Item = &'s Source>,
) -> Arc<Schema> {
    use acequia_api::{Column, ColumnType};
    let column = |source: &Source| match &source.read {
        Read::Value(_) => Column::text(Arc::clone(&source.name)),
        Read::List(columns) => Column {
            name: Arc::clone(&source.name),
            kind: ColumnType::List(Schema::new(
                columns
                    .iter()
                    .filter(|column| column.used)
                    .map(|column| Column::text(Arc::clone(&column.name)))
                    .collect(),
            )),
            nullable: true,
        },
    };
    Schema::new(sources.map(column).collect())
}

/// Slots that a producer reads by itself.
pub(super) fn reads(produce: &Produce) -> Vec<Slot> {
    use crate::mapping::program::Part;
    match produce {
        Produce::Slot(slot) => vec![*slot],
        Produce::Expr(expr) => expr.slots().collect(),
        Produce::Template(parts) => parts
            .iter()
            .filter_map(|part| match part {
                Part::Slot(slot) => Some(*slot),
                Part::Literal(_) => None,
            })
            .collect(),
        Produce::Lookup(lookup) => lookup.slots.clone(),
        Produce::Parts(parts) => reads(&parts.of),
        _ => Vec::new(),
    }
}
