//! What a pipeline needs in the schema registry.

use super::{
    Deployment,
    pipeline::{Encoding, PipelineConfig},
};
use crate::publish::{Schemas, WantedSchema};

impl Deployment {
    /// The schemas that a pipeline needs in the registry, one for each of its mappings; `None` if its values name none.
    ///
    /// # Errors
    /// What the check of a deployment finds before: there is no registry, or a name that Avro does not have.
    pub fn schemas(&self, config: &PipelineConfig) -> Result<Option<Schemas>, String> {
        if config.publish.encoding == Encoding::Json {
            return Ok(None);
        }
        let registry = self.daemon.kafka.registry.clone();
        let registry = registry.ok_or("there is no schema registry")?;
        let mappings = config.mapping.iter().filter_map(|name| self.library.mappings.get(name));
        let wanted = mappings.map(|mapping| {
            let model = &mapping.model;
            let own = || format!("{}.{}", self.daemon.deployment, model.topic());
            let topic = config.publish.topic.clone().unwrap_or_else(own);
            Ok(WantedSchema {
                subject: config.publish.subject.subject(&topic, &model.avro_name()),
                schema: model.avro_schema()?.to_string().into(),
                model: model.reference(),
            })
        });
        let wanted: Result<Vec<_>, String> = wanted.collect();
        Ok(Some(Schemas::new(registry, wanted?)))
    }
}
