//! CEL, one program an expression, the fields as variables.

use std::{
    hint::black_box,
    sync::{Arc, LazyLock},
};

use cel::{Context, Env, Program, Value, extensions};

use crate::{Fee, Results, busy};

static LANGUAGE: LazyLock<(Arc<Env>, Vec<Program>)> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    env.add_extension(extensions::strings).expect("texts");
    env.add_extension(extensions::math).expect("numbers");
    let env = Arc::new(env);
    let lines = include_str!("../fees.cel").lines();
    let programs = lines.map(|line| env.compile(line).expect("it compiles")).collect();
    (env, programs)
});

/// The time of the evaluation alone, and what it gave.
pub fn evaluate(fees: &[Fee]) -> (f64, Vec<Results>) {
    let (env, programs) = &*LANGUAGE;
    let contexts: Vec<Context> = fees.iter().map(|fee| context(fee, env)).collect();
    let mut given: Vec<Vec<Value>> = contexts.iter().map(|_| Vec::with_capacity(programs.len())).collect();
    let began = busy();
    for (context, given) in contexts.iter().zip(&mut given) {
        for program in programs {
            given.push(black_box(program.execute(context).expect("it evaluates")));
        }
    }
    (busy() - began, given.into_iter().map(results).collect())
}

fn context(fee: &Fee, env: &Arc<Env>) -> Context<'static, 'static> {
    let mut context = Context::with_env(Arc::clone(env));
    let text = |text: &str| Value::String(Arc::new(text.to_owned()));
    context.add_variable_from_value("status", text(&fee.status));
    context.add_variable_from_value("issued", Value::Timestamp(fee.issued.fixed_offset()));
    context.add_variable_from_value("base", Value::Float(fee.base));
    context.add_variable_from_value("vat", Value::Float(fee.vat));
    context.add_variable_from_value("discount", fee.discount.map_or(Value::Null, Value::Float));
    context.add_variable_from_value("name", text(&fee.name));
    context.add_variable_from_value("surname1", text(&fee.surname1));
    context.add_variable_from_value("surname2", text(&fee.surname2));
    context.add_variable_from_value("post_code", text(&fee.post_code));
    context.add_variable_from_value("units", Value::Int(fee.units));
    context
}

fn results(given: Vec<Value>) -> Results {
    match <[Value; 5]>::try_from(given) {
        Ok(
            [
                Value::String(holder),
                Value::Float(total),
                Value::String(size),
                Value::Int(year),
                Value::Bool(metropolitan),
            ],
        ) => Results { holder: holder.to_string(), total, size: size.to_string(), year, metropolitan },
        other => panic!("other types than expected: {other:?}"),
    }
}
