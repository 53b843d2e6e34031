//! The erased form of a connector, in which the registry keeps it.

use schemars::Schema as JsonSchema;
use serde::de::DeserializeOwned;

use crate::{BoxFuture, ConfigFault, Connector, OpenContext, Source, SourceError};

/// Any [`Connector`], with its configuration as plain data. Implemented once, for all.
pub trait AnyConnector: Send + Sync {
    /// The word after `connector:`.
    fn kind(&self) -> &'static str;
    /// JSON Schema of the configuration, for editors and the reference.
    fn config_schema(&self) -> JsonSchema;
    /// Everything wrong with a configuration that already has the right shape.
    ///
    /// # Errors
    /// One fault when the shape is wrong. The daemon has checked the shape with spans before and does not
    /// expect that.
    fn validate(&self, config: &serde_json::Value) -> Result<Vec<ConfigFault>, ConfigFault>;
    /// Opens a source.
    fn open(
        &self,
        config: serde_json::Value,
        cx: OpenContext,
    ) -> BoxFuture<'_, Result<Box<dyn Source>, SourceError>>;
}

fn read<T: DeserializeOwned>(config: &serde_json::Value) -> Result<T, ConfigFault> {
    T::deserialize(config).map_err(|cause| ConfigFault {
        path: Vec::new(),
        code: "config.shape",
        message: cause.to_string(),
        hint: None,
    })
}

impl<C: Connector> AnyConnector for C {
    fn kind(&self) -> &'static str {
        C::KIND
    }

    fn config_schema(&self) -> JsonSchema {
        schemars::schema_for!(C::Config)
    }

    fn validate(&self, config: &serde_json::Value) -> Result<Vec<ConfigFault>, ConfigFault> {
        Ok(Connector::validate(self, &read::<C::Config>(config)?))
    }

    fn open(
        &self,
        config: serde_json::Value,
        cx: OpenContext,
    ) -> BoxFuture<'_, Result<Box<dyn Source>, SourceError>> {
        Box::pin(async move {
            let config = read::<C::Config>(&config)
                .map_err(|fault| SourceError::operator(fault.code, fault.message))?;
            let source = Connector::open(self, config, cx).await?;
            Ok(Box::new(source) as Box<dyn Source>)
        })
    }
}
