//! Every code that the program can print, from wherever it is made.

use acequia_api::CodeDoc;

/// All codes, sorted, each once.
pub fn all() -> Vec<&'static CodeDoc> {
    let sources: [&'static [CodeDoc]; 18] = [
        crate::yaml::CODES,
        crate::config::CODES,
        crate::model::CODES,
        crate::mapping::CODES,
        crate::mapping::decode::CODES,
        crate::mapping::expr::CODES,
        crate::event::CODES,
        crate::checkpoint::CODES,
        crate::publish::CODES,
        crate::publish::REGISTRY_CODES,
        crate::pipeline::CODES,
        crate::supervisor::CODES,
        crate::admin::CODES,
        super::check::CODES,
        super::demo::CODES,
        acequia_api::CODES,
        acequia_files::CODES,
        acequia_formats::CODES,
    ];
    let mut codes: Vec<&CodeDoc> = sources.into_iter().flatten().collect();
    codes.sort_by_key(|doc| doc.code);
    codes.dedup_by_key(|doc| doc.code);
    codes
}
