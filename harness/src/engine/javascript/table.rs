//! The configurations of the JavaScript engines.

use super::browser::Browser;
use crate::engine::Name;

/// One configuration: a process with these flags.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// What compiles or interprets, with its options: the name behind the engine's.
    pub(super) variant: &'static str,
    /// What is unusual about it.
    pub(super) about: &'static str,
    /// Flags of the program. One that it does not know ends it.
    pub(super) flags: &'static [&'static str],
    /// Options in its environment. One that it does not know ends it, too.
    pub(super) environment: &'static [(&'static str, &'static str)],
    /// Settings of a browser's profile.
    pub(super) preferences: &'static [(&'static str, &'static str)],
}

/// Where an engine comes from.
pub(super) struct Engine {
    pub(super) name: &'static str,
    /// What it is called by people.
    pub(super) title: &'static str,
    /// What its program may be called, the most usual name first.
    pub(super) programs: &'static [&'static str],
    /// Which browser it is, if it is one, and the arguments with which it is nothing but
    /// the page.
    pub(super) browser: Option<(Browser, &'static [&'static str])>,
    /// The environment variable with the paths of its programs.
    pub(super) variable: &'static str,
    /// How to get it.
    pub(super) install: &'static str,
    pub(super) settings: &'static [Settings],
}

/// All of them.
pub(super) const TABLE: [Engine; 4] = [
    Engine {
        name: "node",
        title: "Node",
        programs: &["node"],
        browser: None,
        variable: "TRAPLINE_NODE",
        install: "npm install -g node",
        settings: V8,
    },
    Engine {
        name: "bun",
        title: "Bun",
        programs: &["bun"],
        browser: None,
        variable: "TRAPLINE_BUN",
        install: "npm install -g bun",
        settings: BUN,
    },
    Engine {
        name: "chromium",
        title: "Chromium",
        programs: &["chromium", "chromium-browser", "google-chrome"],
        browser: Some((Browser::Chromium, CHROMIUM_ALONE)),
        variable: "TRAPLINE_CHROMIUM",
        install: "apt-get install chromium",
        settings: V8,
    },
    Engine {
        name: "firefox",
        title: "Firefox",
        programs: &["firefox", "firefox-esr"],
        browser: Some((Browser::Firefox, FIREFOX_ALONE)),
        variable: "TRAPLINE_FIREFOX",
        install: "apt-get install firefox-esr",
        settings: FIREFOX,
    },
];

/// The engine of this name.
pub(super) fn engine(name: &str) -> Option<&'static Engine> {
    TABLE.iter().find(|engine| engine.name == name)
}

/// How somebody runs a program in a configuration of a JavaScript engine, by the name of
/// the configuration: a module, or in a browser the page that has it. In a sentence.
pub(crate) fn how_to_run(name: &str, module: &str, page: &str) -> Option<String> {
    let parts = Name::parse(name)?;
    let engine = engine(parts.engine)?;
    let settings = (engine.settings.iter()).find(|s| s.variant == parts.variant())?;
    let flags = settings.flags.join(" ");
    let given = |pairs: &[(&str, &str)], sign: &str| {
        let pairs = pairs
            .iter()
            .map(|(name, value)| format!("{name}{sign}{value}"));
        pairs.collect::<Vec<_>>()
    };
    Some(match engine.browser {
        None => {
            let mut words = given(settings.environment, "=");
            words.push(engine.name.to_owned());
            words.extend(settings.flags.iter().map(|&flag| flag.to_owned()));
            words.push(module.to_owned());
            format!("`{}` exits with 1 where it goes wrong.", words.join(" "))
        }
        Some((Browser::Chromium, _)) if !flags.is_empty() => {
            format!("`chromium --js-flags=\"{flags}\" {page}` shows it.")
        }
        Some((Browser::Firefox, _)) if !settings.preferences.is_empty() => {
            let set = given(settings.preferences, " = ").join(", ");
            format!("`firefox {page}` shows it, with {set} in about:config.")
        }
        Some(_) => format!("`{} {page}` shows it.", engine.name),
    })
}

const fn v8(
    variant: &'static str,
    about: &'static str,
    flags: &'static [&'static str],
) -> Settings {
    Settings {
        variant,
        about,
        flags,
        environment: &[],
        preferences: &[],
    }
}

/// Of Node and of Chromium.
const V8: &[Settings] = &[
    v8("tiered", "as it comes: Liftoff, then TurboFan", &[]),
    v8(
        "liftoff",
        "V8's baseline compiler alone",
        &["--liftoff-only"],
    ),
    v8(
        "turbofan",
        "V8's optimising compiler alone",
        &["--no-liftoff", "--no-wasm-tier-up"],
    ),
    v8(
        "tiered+soon",
        "Liftoff, and TurboFan from the second call on",
        &["--wasm-tiering-budget=1", "--wasm-sync-tier-up"],
    ),
    v8(
        "liftoff+checks",
        "every bound checked by code instead of guard pages",
        &["--liftoff-only", "--wasm-enforce-bounds-checks"],
    ),
    v8(
        "turbofan+checks",
        "every bound checked by code instead of guard pages",
        &[
            "--no-liftoff",
            "--no-wasm-tier-up",
            "--wasm-enforce-bounds-checks",
        ],
    ),
];

const fn jsc(
    variant: &'static str,
    about: &'static str,
    environment: &'static [(&'static str, &'static str)],
) -> Settings {
    Settings {
        variant,
        about,
        flags: &[],
        environment,
        preferences: &[],
    }
}

/// What is behind options in Bun.
const MEMORY64: (&str, &str) = ("BUN_JSC_useWasmMemory64", "1");
const MULTI_MEMORY: (&str, &str) = ("BUN_JSC_useWasmMultiMemory", "1");
const NO_BBQ: (&str, &str) = ("BUN_JSC_useBBQJIT", "0");
const NO_OMG: (&str, &str) = ("BUN_JSC_useOMGJIT", "0");
const NO_INTERPRETER: (&str, &str) = ("BUN_JSC_useWasmIPInt", "0");
const OMG_AT_ONCE: (&str, &str) = ("BUN_JSC_thresholdForOMGOptimizeAfterWarmUp", "0");
const OMG_SOON: (&str, &str) = ("BUN_JSC_thresholdForOMGOptimizeSoon", "0");
/// Or a call would go on in the old code while the new is made.
const NO_WAITING: (&str, &str) = ("BUN_JSC_useConcurrentJIT", "0");
const NO_GUARDS: (&str, &str) = ("BUN_JSC_useWasmFastMemory", "0");

const BUN: &[Settings] = &[
    jsc(
        "tiered",
        "as it comes: interpreter, BBQ, then OMG",
        &[MEMORY64, MULTI_MEMORY],
    ),
    jsc(
        "ipint",
        "JavaScriptCore's interpreter alone",
        &[MEMORY64, MULTI_MEMORY, NO_BBQ, NO_OMG],
    ),
    jsc(
        "bbq",
        "JavaScriptCore's baseline compiler alone",
        &[MEMORY64, MULTI_MEMORY, NO_INTERPRETER, NO_OMG],
    ),
    jsc(
        "omg",
        "JavaScriptCore's optimising compiler from the second call on",
        &[
            MEMORY64,
            MULTI_MEMORY,
            NO_INTERPRETER,
            OMG_AT_ONCE,
            OMG_SOON,
            NO_WAITING,
        ],
    ),
    jsc(
        "ipint+checks",
        "every bound checked by code instead of guard pages",
        &[MEMORY64, MULTI_MEMORY, NO_BBQ, NO_OMG, NO_GUARDS],
    ),
    jsc(
        "bbq+checks",
        "every bound checked by code instead of guard pages",
        &[MEMORY64, MULTI_MEMORY, NO_INTERPRETER, NO_OMG, NO_GUARDS],
    ),
    jsc(
        "omg+checks",
        "every bound checked by code instead of guard pages",
        &[
            MEMORY64,
            MULTI_MEMORY,
            NO_INTERPRETER,
            OMG_AT_ONCE,
            OMG_SOON,
            NO_WAITING,
            NO_GUARDS,
        ],
    ),
];

/// No window, and nothing that Chromium does for a person.
const CHROMIUM_ALONE: &[&str] = &[
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
];

/// The same for Firefox; the rest is in its profile, see `browser`.
const FIREFOX_ALONE: &[&str] = &["--headless", "--no-remote"];

const fn spidermonkey(
    variant: &'static str,
    about: &'static str,
    preferences: &'static [(&'static str, &'static str)],
) -> Settings {
    Settings {
        variant,
        about,
        flags: &[],
        environment: &[],
        preferences,
    }
}

const NO_BASELINE: (&str, &str) = ("javascript.options.wasm_baselinejit", "false");
const NO_ION: (&str, &str) = ("javascript.options.wasm_optimizingjit", "false");
const NO_HUGE: (&str, &str) = ("javascript.options.wasm_disable_huge_memory", "true");

const FIREFOX: &[Settings] = &[
    spidermonkey("tiered", "as it comes: baseline, then Ion", &[]),
    spidermonkey(
        "baseline",
        "SpiderMonkey's baseline compiler alone",
        &[NO_ION],
    ),
    spidermonkey(
        "ion",
        "SpiderMonkey's optimising compiler alone",
        &[NO_BASELINE],
    ),
    spidermonkey(
        "baseline+checks",
        "every bound checked by code instead of guard pages",
        &[NO_ION, NO_HUGE],
    ),
    spidermonkey(
        "ion+checks",
        "every bound checked by code instead of guard pages",
        &[NO_BASELINE, NO_HUGE],
    ),
];
