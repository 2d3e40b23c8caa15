//! What a configuration is called: `engine[@version]/compiler[+option…]`.

/// The name of a configuration, in its parts.
///
/// ```
/// use trapline_harness::engine::Name;
/// let name = Name::parse("wasmtime@36.0.4/winch+dynamic").unwrap();
/// assert_eq!((name.engine, name.version), ("wasmtime", Some("36.0.4")));
/// assert_eq!((name.compiler, name.options), ("winch", "dynamic"));
/// assert_eq!(name.variant(), "winch+dynamic");
/// assert_eq!(name.linked(), "wasmtime/winch+dynamic");
/// assert_eq!(Name::parse("wasmtime"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name<'a> {
    /// The engine: `wasmtime`.
    pub engine: &'a str,
    /// The version, if it is not the one that is linked in: `36.0.4`, or what
    /// a checkout calls itself.
    pub version: Option<&'a str>,
    /// What compiles or interprets: `winch`.
    pub compiler: &'a str,
    /// What is unusual, with a `+` between: `o0+dynamic`; empty for nothing.
    pub options: &'a str,
    variant: &'a str,
}

impl<'a> Name<'a> {
    /// Takes a name apart; `None` if it is none.
    pub fn parse(name: &'a str) -> Option<Name<'a>> {
        let (engine, variant) = name.split_once('/')?;
        let (engine, version) = match engine.split_once('@') {
            Some((engine, version)) => (engine, Some(version)),
            None => (engine, None),
        };
        let (compiler, options) = variant.split_once('+').unwrap_or((variant, ""));
        let complete = !engine.is_empty() && !compiler.is_empty() && version != Some("");
        complete.then_some(Name {
            engine,
            version,
            compiler,
            options,
            variant,
        })
    }

    /// The compiler with its options: what the engine's table calls it.
    pub fn variant(self) -> &'a str {
        self.variant
    }

    /// The options one by one.
    pub fn each_option(self) -> impl Iterator<Item = &'a str> {
        self.options.split('+').filter(|option| !option.is_empty())
    }

    /// The engine with its version, as an option of the command line names it.
    pub fn release(self) -> String {
        match self.version {
            Some(version) => format!("{}@{version}", self.engine),
            None => self.engine.to_owned(),
        }
    }

    /// The name without the version: what the worker that has it calls it.
    pub fn linked(self) -> String {
        format!("{}/{}", self.engine, self.variant)
    }

    /// The name of the same configuration in another version.
    pub fn of_version(self, version: &str) -> String {
        format!("{}@{version}/{}", self.engine, self.variant)
    }
}

/// The version that the crate of a version has: of a checkout, without what its label says of
/// the revision. As an order of versions has it, `1.1.0-g1a2b3c4` would be older than 1.1.0, and
/// `2.0.0-beta.2-local` newer than the third beta.
///
/// ```
/// use trapline_harness::engine::crate_version;
/// assert_eq!(crate_version("2.0.0-beta.2-g1a2b3c4-dirty"), "2.0.0-beta.2");
/// assert_eq!(crate_version("1.1.0-local"), "1.1.0");
/// assert_eq!(crate_version("2.0.0-beta.2"), "2.0.0-beta.2");
/// ```
pub fn crate_version(version: &str) -> &str {
    let clean = version.strip_suffix("-dirty").unwrap_or(version);
    if let Some(base) = clean.strip_suffix("-local") {
        return base;
    }
    let is_revision =
        |text: &str| text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match clean.rsplit_once("-g") {
        Some((base, revision)) if is_revision(revision) => base,
        _ => version,
    }
}

/// The engine of a configuration of this name; the name itself if it is none.
pub fn engine_of(name: &str) -> &str {
    Name::parse(name).map_or(name, |name| name.engine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_apart_and_together() {
        for (text, engine, version, compiler, options) in [
            ("wasmi/eager", "wasmi", None, "eager", ""),
            ("wasmi/eager+fuel", "wasmi", None, "eager", "fuel"),
            (
                "wasmtime@36.0.4/cranelift+o0+dynamic",
                "wasmtime",
                Some("36.0.4"),
                "cranelift",
                "o0+dynamic",
            ),
            (
                "wasmi@2.1.0-1a2b3c4-dirty/lazy",
                "wasmi",
                Some("2.1.0-1a2b3c4-dirty"),
                "lazy",
                "",
            ),
        ] {
            let name = Name::parse(text).expect(text);
            assert_eq!(
                (name.engine, name.version, name.compiler, name.options),
                (engine, version, compiler, options)
            );
            assert_eq!(format!("{}/{}", name.release(), name.variant()), text);
        }
    }

    #[test]
    fn what_is_incomplete_is_no_name() {
        for text in [
            "",
            "wasmi",
            "/eager",
            "wasmi/",
            "wasmi@/eager",
            "@1/eager",
            "wasmi/+fuel",
        ] {
            assert_eq!(Name::parse(text), None, "{text}");
        }
        assert_eq!(engine_of("wasmi"), "wasmi");
    }
}
