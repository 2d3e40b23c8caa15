//! The configurations of wasmi.

use wasmi::{CompilationMode, Config};

use super::Wasmi;
use crate::engine::{Configuration, Engine, Feature, Features};

/// The version of the crate, from the lock file.
pub(super) const VERSION: &str = env!("TRAPLINE_WASMI");

/// What is done when.
pub(super) struct Settings {
    mode: CompilationMode,
    /// Whether every instruction costs fuel.
    pub(super) fuel: bool,
    /// Whether a valid module is translated as if nobody knew that it is valid.
    pub(super) unchecked: bool,
    /// Whether the memories of a module are made by the embedder.
    pub(super) outside: bool,
}

const EAGER: Settings = Settings {
    mode: CompilationMode::Eager,
    fuel: false,
    unchecked: false,
    outside: false,
};

const FEATURES: Features = Features::of(&[
    Feature::Memory64,
    Feature::MultiMemory,
    Feature::CustomPageSizes,
    Feature::Simd,
    Feature::TailCall,
    Feature::ExternRef,
    Feature::ExtendedConst,
]);

impl Settings {
    /// Whether making a module does not validate all of it, so that it has to
    /// be done before: rejections are compared where a module is compiled.
    pub(super) fn validates_apart(&self) -> bool {
        self.unchecked || matches!(self.mode, CompilationMode::Lazy)
    }

    pub(super) fn engine(&self) -> wasmi::Engine {
        let Settings {
            mode,
            fuel,
            unchecked: _,
            outside: _,
        } = self;
        let mut config = Config::default();
        config
            .compilation_mode(*mode)
            .consume_fuel(*fuel)
            .wasm_custom_page_sizes(true)
            .wasm_wide_arithmetic(false);
        #[cfg(wasmi_relaxed_simd)]
        config.wasm_relaxed_simd(false);
        wasmi::Engine::new(&config)
    }
}

fn build(settings: &'static Settings) -> Box<dyn Engine> {
    Box::new(Wasmi {
        engine: settings.engine(),
        used: 0,
        features: FEATURES,
        settings,
    })
}

macro_rules! table {
    ($( $name:literal, $about:literal: $settings:expr; )*) => {
        /// One row for each configuration.
        pub(in crate::engine) fn configurations() -> Vec<Configuration> {
            vec![$({
                static SETTINGS: Settings = $settings;
                Configuration::linked(
                    concat!("wasmi/", $name),
                    VERSION,
                    $about,
                    FEATURES,
                    || Ok(build(&SETTINGS)),
                )
            }),*]
        }
    };
}

table! {
    "eager", "interpreter, everything translated at once": EAGER;
    "lazy-translation", "functions translated when first called": Settings {
        mode: CompilationMode::LazyTranslation,
        ..EAGER
    };
    "eager+fuel", "every instruction costs fuel": Settings { fuel: true, ..EAGER };
    "eager+unchecked", "valid modules translated without validation": Settings {
        unchecked: true,
        ..EAGER
    };
    "eager+outside", "memories made by the embedder, and imported": Settings {
        outside: true,
        ..EAGER
    };
    "lazy", "functions validated and translated when first called": Settings {
        mode: CompilationMode::Lazy,
        ..EAGER
    };
    "lazy+unchecked", "valid modules, functions translated without validation when first called": Settings {
        mode: CompilationMode::Lazy,
        unchecked: true,
        ..EAGER
    };
}
