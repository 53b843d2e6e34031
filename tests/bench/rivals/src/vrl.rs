//! VRL, with the types of the fields known to its compiler.

use std::{collections::BTreeMap, hint::black_box, sync::LazyLock};

use vrl::{
    compiler::{
        CompileConfig, Program, TargetValue, TimeZone, compile_with_external, runtime::Runtime, state::ExternalEnv,
    },
    value::{KeyString, Kind, ObjectMap, Secrets, Value, kind::Collection},
};

use crate::{Fee, Results, busy};

static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    let kinds = [
        ("status", Kind::bytes()),
        ("issued", Kind::timestamp()),
        ("base", Kind::float()),
        ("vat", Kind::float()),
        ("discount", Kind::float().or_null()),
        ("name", Kind::bytes()),
        ("surname1", Kind::bytes()),
        ("surname2", Kind::bytes()),
        ("post_code", Kind::bytes()),
        ("units", Kind::integer()),
    ];
    let known: BTreeMap<_, _> = kinds.into_iter().map(|(name, kind)| (name.into(), kind)).collect();
    let external = ExternalEnv::new_with_kind(
        Kind::object(Collection::from(known)),
        Kind::object(Collection::empty()),
    );
    let source = include_str!("../fees.vrl");
    match compile_with_external(source, &vrl::stdlib::all(), &external, CompileConfig::default()) {
        Ok(compiled) => compiled.program,
        Err(found) => panic!("{found:?}"),
    }
});

/// The time of the evaluation alone, and what it gave.
pub fn evaluate(fees: &[Fee]) -> (f64, Vec<Results>) {
    let program = &*PROGRAM;
    let mut targets: Vec<TargetValue> = fees.iter().map(target).collect();
    let (mut runtime, zone) = (Runtime::default(), TimeZone::default());
    let began = busy();
    for target in &mut targets {
        runtime.clear();
        black_box(runtime.resolve(target, program, &zone).expect("it resolves"));
    }
    (busy() - began, targets.iter().map(results).collect())
}

fn target(fee: &Fee) -> TargetValue {
    let text = |text: &str| Value::from(text);
    let float = |number: f64| Value::from_f64_or_zero(number);
    let fields: [(&str, Value); 10] = [
        ("status", text(&fee.status)),
        ("issued", Value::Timestamp(fee.issued)),
        ("base", float(fee.base)),
        ("vat", float(fee.vat)),
        ("discount", fee.discount.map_or(Value::Null, float)),
        ("name", text(&fee.name)),
        ("surname1", text(&fee.surname1)),
        ("surname2", text(&fee.surname2)),
        ("post_code", text(&fee.post_code)),
        ("units", Value::Integer(fee.units)),
    ];
    let object: ObjectMap = fields.into_iter().map(|(name, value)| (KeyString::from(name), value)).collect();
    TargetValue { value: Value::Object(object), metadata: Value::Object(ObjectMap::new()), secrets: Secrets::new() }
}

fn results(target: &TargetValue) -> Results {
    let Value::Object(fields) = &target.value else { panic!("the target stays an object") };
    let text = |name: &str| fields[name].to_string_lossy().into_owned();
    Results {
        holder: text("holder"),
        total: text("total").parse().expect("a number"),
        size: text("size"),
        year: fields["year"].as_integer().expect("a number"),
        metropolitan: fields["metropolitan"].as_boolean().expect("a truth value"),
    }
}
