//! The library of `mappings/`: twelve models as the domain wants them, and mappings that do what their tests say.

use std::{fs, path::Path, sync::Arc};

use serde_json::Value;

use acequia::{
    diagnostic::{self, SourceFile},
    mapping::{self, Library, Texts, protect::AnyKeys},
    model::{self, Field, Kind, Shape},
};

fn files(folder: &str, ending: &str) -> Vec<(String, Arc<SourceFile>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        entries.filter(|path| path.to_string_lossy().ends_with(ending)).collect();
    paths.sort();
    let read = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(path).unwrap();
        (name.trim_end_matches(ending).to_owned(), SourceFile::new(name, text))
    };
    paths.iter().map(|path| read(path)).collect()
}

fn library() -> Library {
    let only = |files: Vec<(String, Arc<SourceFile>)>| files.into_iter().map(|(_, file)| file);
    let texts = Texts {
        mappings: only(files("mappings", ".yaml")).collect(),
        models: only(files("mappings/models", ".yaml")).collect(),
        codes: files("mappings/codes", ".csv"),
        policies: None,
    };
    let (library, found) = mapping::check(&texts, &AnyKeys);
    assert!(found.is_empty(), "{}", diagnostic::render(&found, false));
    library
}

/// The fields that the domain wants of every model; `*` marks required ones.
const WANTED: [(&str, &str); 12] = [
    (
        "person",
        "key* identifiers* name* birthName birthDate deathDate birthPlace birthCountry sex gender nationality domicile \
         residency contacts language related healthOrDisability protectedAddress",
    ),
    (
        "organization",
        "key* identifiers* legalName* tradeName isNaturalPerson* legalForm activities status* registeredOn dissolvedOn \
         registeredAddress representatives publicBody",
    ),
    (
        "address",
        "key* addressId full* thoroughfareType thoroughfare number interior block lot crossStreets neighbourhood \
         locality municipality region country* postCode geo parse",
    ),
    (
        "case",
        "key* caseNumber* service* status* statusSource statusNote openedAt* updatedAt* dueAt closedAt channel agency* applicant \
         handler description location documents outcome attributes parent",
    ),
    (
        "permit",
        "key* permitNumber* kind* status* holder* issuer* appliedOn issuedOn validFrom validUntil validIn asset conditions \
         declaredCost fee case evidence",
    ),
    (
        "payment",
        "key* reference* direction* kind* status* amount* amountDue dueOn paidAt bookedOn valueOn payer payee payerAccount \
         payeeAccount concept structuredRef method fiscalPeriod fiscalDocument subjectOf",
    ),
    (
        "benefit",
        "key* fileNumber* programme* status* beneficiary* funder* amountAwarded periodicity awardDate period legalBasis \
         household",
    ),
    (
        "appointment",
        "key* start* end status* sequence service office officeAddress attendee handler channel note",
    ),
    (
        "document",
        "key* docType* title number issuer about issuedOn valid mediaType* size* sha256* uri confidentiality signature \
         retentionUntil",
    ),
    (
        "employee",
        "key* person* employeeNumber post* unit* grade contractKind period* workContact salaryBand leaveOrHealth union",
    ),
    (
        "asset",
        "key* identifiers* kind* status* lifespan* location geometry area use assessedValue holders",
    ),
    (
        "contract",
        "key* contractNumber* ocid awardId title* status* buyer* suppliers* value* period dateSigned method items amendments \
         milestones transactions documents",
    ),
];

#[test]
fn the_twelve_models_have_the_fields_of_the_domain() {
    let library = library();
    for (name, wanted) in WANTED {
        let model = &library.models[&format!("{name}/1")];
        let fields = model.shape.fields.iter();
        let have: Vec<String> = fields
            .map(|field| format!("{}{}", field.name, if field.required { "*" } else { "" }))
            .collect();
        assert_eq!(have.join(" "), wanted, "{name}");
    }
    assert_eq!(library.models.len(), WANTED.len());
}

#[test]
fn every_field_says_in_two_languages_what_it_is_and_where_it_comes_from() {
    for model in library().models.values() {
        assert!(model.title_es.is_some() && !model.standards.is_empty(), "{}", model.name);
        each_field(&model.shape, &model.name, &mut |path, field| {
            assert!(field.title.is_some(), "{path} has no title");
            assert!(field.title_es.is_some(), "{path} has no Spanish title");
            assert!(field.standard.is_some(), "{path} has no standard");
        });
    }
}

fn each_field(shape: &Shape, around: &str, judge: &mut impl FnMut(&str, &Field)) {
    for field in &shape.fields {
        let path = format!("{around}.{}", field.name);
        judge(&path, field);
        if let Kind::Object(inner) = &field.kind {
            each_field(inner, &path, judge);
        }
    }
}

#[test]
fn every_model_has_an_example_with_all_its_fields_and_an_avro_schema() {
    for (reference, model) in &library().models {
        let schema = model.json_schema();
        complete(reference, &schema, &schema["examples"][0]);
        assert!(model.avro_schema().is_ok(), "{reference}");
    }
}

/// The value has every property of the schema, with a value of its type.
fn complete(path: &str, schema: &Value, value: &Value) {
    let fits = match schema["type"].as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.as_array().is_some_and(|items| items.len() == 1),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        _ => value.is_number(),
    };
    assert!(fits, "{path}: {value}");
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{path}: {value}");
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        complete(&format!("{path}.{name}"), schema, &value[name]);
    }
    if schema["items"].is_object() {
        complete(path, &schema["items"], &value[0]);
    }
}

#[test]
fn the_models_keep_what_was_released() {
    let released: Vec<_> =
        files("mappings/models/released", ".json").into_iter().map(|(_, file)| file).collect();
    let library = library();
    assert!(released.len() >= library.models.len());
    let found = model::judge(&library.models, &released);
    assert!(found.is_empty(), "{}", diagnostic::render(&found, false));
}

#[test]
fn the_mappings_do_what_their_tests_say() {
    let library = library();
    let mut wrong = String::new();
    for (name, mapping) in &library.mappings {
        let results = mapping::run_tests(mapping);
        if results.len() < 4 {
            wrong += &format!("{name} has {} tests\n", results.len());
        }
        for result in results.iter().filter(|result| !result.ok()) {
            wrong += &format!("{name}: {} {:#?}\n", result.name, result.differences);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(library.mappings.len() >= 10);
}
