//! How the same is said to each engine: expressions of Rust.

use semver::Version;

use crate::script::Value;

/// The interface of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Wasmtime,
    Wasmer,
    Wasmi,
}

/// The interface of an engine in one version.
pub(super) struct Api {
    engine: Engine,
    version: Version,
}

impl Api {
    /// That of `engine`; `None` if there is none.
    pub(super) fn of(engine: &str, version: &str) -> Option<Api> {
        let engine = match engine {
            "wasmtime" => Engine::Wasmtime,
            "wasmer" => Engine::Wasmer,
            "wasmi" => Engine::Wasmi,
            _ => return None,
        };
        let version = Version::parse(version).unwrap_or(Version::new(u64::MAX, 0, 0));
        Some(Api { engine, version })
    }

    /// What is imported.
    pub(super) fn uses(&self, config: &str) -> String {
        match self.engine {
            Engine::Wasmtime => "use wasmtime::*;\n".to_owned(),
            Engine::Wasmi => "use wasmi::*;\n".to_owned(),
            Engine::Wasmer => {
                let tunables = config.contains("BaseTunables");
                let tunables = if tunables {
                    "BaseTunables, Target, "
                } else {
                    ""
                };
                format!("use wasmer::sys::{{{tunables}EngineBuilder}};\nuse wasmer::*;\n")
            }
        }
    }

    /// Makes the engine and the store; `config` and `store` are the lines of a
    /// configuration, `modules` the text of all modules.
    pub(super) fn store(&self, config: &[&str], store: &[&str], modules: &str) -> Vec<String> {
        let mut lines = Vec::new();
        let mut say = |line: &str| lines.push(line.to_owned());
        match self.engine {
            Engine::Wasmer => {
                config.iter().for_each(|line| say(line));
                let mutable = if store.is_empty() { "" } else { "mut " };
                say(&format!(
                    "let {mutable}engine = EngineBuilder::new(compiler).engine();"
                ));
                store.iter().for_each(|line| say(line));
                say("let mut store = Store::new(engine);");
            }
            Engine::Wasmtime | Engine::Wasmi => {
                say(match self.engine {
                    Engine::Wasmtime => "let mut config = Config::new();",
                    _ => "let mut config = Config::default();",
                });
                config.iter().for_each(|line| say(line));
                if modules.contains("(pagesize") {
                    say("config.wasm_custom_page_sizes(true);");
                }
                if self.engine == Engine::Wasmtime {
                    if modules.contains("shared") && self.version.major >= 40 {
                        say("config.shared_memory(true);");
                    }
                    if self.version.major < 30 {
                        say("config.wasm_memory64(true).wasm_multi_memory(true);");
                    }
                }
                say(match self.engine {
                    Engine::Wasmtime => "let engine = Engine::new(&config).unwrap();",
                    _ => "let engine = Engine::new(&config);",
                });
                say("let mut store = Store::new(&engine, ());");
                store.iter().for_each(|line| say(line));
            }
        }
        lines
    }

    /// A module of the bytes `wasm`: a `Result`.
    pub(super) fn module(&self) -> &'static str {
        match self.engine {
            Engine::Wasmer => "Module::new(&store, &wasm[..])",
            _ => "Module::new(&engine, &wasm[..])",
        }
    }

    /// The export of an instance, to import it.
    pub(super) fn export(&self, instance: &str, name: &str) -> String {
        match self.engine {
            Engine::Wasmtime => format!("{instance}.get_export(&mut store, {name:?}).unwrap()"),
            Engine::Wasmi => format!("{instance}.get_export(&store, {name:?}).unwrap()"),
            Engine::Wasmer => format!("{instance}.exports.get_extern({name:?}).unwrap().clone()"),
        }
    }

    /// An instance of a module: a `Result`.
    pub(super) fn instance(&self, module: &str, imports: &str) -> String {
        match self.engine {
            Engine::Wasmer => format!("Instance::new_by_index(&mut store, &{module}, {imports})"),
            _ => format!("Instance::new(&mut store, &{module}, {imports})"),
        }
    }

    /// The exported function of an instance.
    pub(super) fn function(&self, instance: &str, name: &str) -> String {
        match self.engine {
            Engine::Wasmtime => format!("{instance}.get_func(&mut store, {name:?}).unwrap()"),
            Engine::Wasmi => format!("{instance}.get_func(&store, {name:?}).unwrap()"),
            Engine::Wasmer => {
                format!("{instance}.exports.get_function({name:?}).unwrap().clone()")
            }
        }
    }

    /// Calls `f`: a statement that binds `got` to a `Result`, with the values of
    /// a call that succeeds in it.
    pub(super) fn call(&self, args: &[Value]) -> Option<Vec<String>> {
        let args: Option<Vec<String>> = args.iter().map(|&arg| self.value(arg)).collect();
        let args = args?.join(", ");
        Some(match self.engine {
            Engine::Wasmer => vec![format!("let got = f.call(&mut store, &[{args}]);")],
            _ => vec![
                "let mut results = vec![Val::I32(0); f.ty(&store).results().len()];".to_owned(),
                format!("let got = f.call(&mut store, &[{args}], &mut results).map(|()| results);"),
            ],
        })
    }

    /// The value of an exported global.
    pub(super) fn global(&self, instance: &str, name: &str) -> String {
        match self.engine {
            Engine::Wasmtime => {
                format!("{instance}.get_global(&mut store, {name:?}).unwrap().get(&mut store)")
            }
            Engine::Wasmi => {
                format!("{instance}.get_global(&store, {name:?}).unwrap().get(&store)")
            }
            Engine::Wasmer => {
                format!("{instance}.exports.get_global({name:?}).unwrap().get(&mut store)")
            }
        }
    }

    /// An exported memory that is not shared.
    fn memory(&self, instance: &str, name: &str) -> String {
        match self.engine {
            Engine::Wasmtime => format!("{instance}.get_memory(&mut store, {name:?}).unwrap()"),
            Engine::Wasmi => format!("{instance}.get_memory(&store, {name:?}).unwrap()"),
            Engine::Wasmer => format!("{instance}.exports.get_memory({name:?}).unwrap()"),
        }
    }

    /// Grows a memory: a `Result` with the size before as a `u64`.
    pub(super) fn grow(&self, instance: &str, memory: &str, pages: u64) -> Option<String> {
        let memory = self.memory(instance, memory);
        Some(match self.engine {
            Engine::Wasmer => {
                let pages = u32::try_from(pages).ok()?;
                format!("{memory}.grow(&mut store, {pages}).map(|pages| u64::from(pages.0))")
            }
            _ => format!("{memory}.grow(&mut store, {pages})"),
        })
    }

    /// The size of a memory in pages, as a `u64`.
    pub(super) fn size(&self, instance: &str, memory: &str) -> String {
        let memory = self.memory(instance, memory);
        match self.engine {
            Engine::Wasmer => format!("u64::from({memory}.view(&store).size().0)"),
            _ => format!("{memory}.size(&store)"),
        }
    }

    /// The byte of a memory at an address.
    pub(super) fn byte(&self, instance: &str, memory: &str, address: u64) -> String {
        let memory = self.memory(instance, memory);
        match self.engine {
            Engine::Wasmer => format!("{memory}.view(&store).read_u8({address}).unwrap()"),
            _ => format!("{memory}.data(&store)[{address}]"),
        }
    }

    /// The size of a memory in bytes.
    pub(super) fn bytes(&self, instance: &str, memory: &str) -> String {
        let memory = self.memory(instance, memory);
        match self.engine {
            Engine::Wasmer => format!("{memory}.view(&store).data_size()"),
            _ => format!("{memory}.data_size(&store)"),
        }
    }

    /// The words of an error `e`, in which a trap is named.
    pub(super) fn words(&self) -> &'static str {
        match self.engine {
            // The trap is the cause of what an error says first.
            Engine::Wasmtime => "format!(\"{e:?}\")",
            Engine::Wasmer | Engine::Wasmi => "e.to_string()",
        }
    }

    /// A value to pass; `None` for a reference.
    fn value(&self, value: Value) -> Option<String> {
        let ty = match self.engine {
            Engine::Wasmer => "Value",
            _ => "Val",
        };
        let float = |text: String, bits: String| match self.engine {
            Engine::Wasmtime => bits,
            Engine::Wasmer => format!("f{text}::from_bits({bits})"),
            Engine::Wasmi => format!("F{text}::from_bits({bits})"),
        };
        Some(match value {
            Value::I32(bits) => format!("{ty}::I32({})", bits.cast_signed()),
            Value::I64(bits) => format!("{ty}::I64({})", bits.cast_signed()),
            Value::F32(bits) => format!("{ty}::F32({})", float("32".into(), format!("{bits:#x}"))),
            Value::F64(bits) => format!("{ty}::F64({})", float("64".into(), format!("{bits:#x}"))),
            Value::V128(bits) => match self.engine {
                Engine::Wasmer => format!("{ty}::V128({bits:#x})"),
                _ => format!("{ty}::V128({bits:#x}.into())"),
            },
            Value::FuncRef(_) | Value::ExternRef(_) => return None,
        })
    }

    /// Whether the value `what` is this one: an expression; `None` for a reference.
    pub(super) fn is(&self, what: &str, value: Value) -> Option<String> {
        let to_bits = ".map(|v| v.to_bits())";
        Some(match value {
            Value::I32(bits) => format!("{what}.i32() == Some({})", bits.cast_signed()),
            Value::I64(bits) => format!("{what}.i64() == Some({})", bits.cast_signed()),
            Value::F32(bits) => format!("{what}.f32(){to_bits} == Some({bits:#x})"),
            Value::F64(bits) => format!("{what}.f64(){to_bits} == Some({bits:#x})"),
            Value::V128(bits) => match self.engine {
                Engine::Wasmer => format!("{what}.v128() == Some({bits:#x})"),
                _ => format!("matches!(&{what}, Val::V128(v) if v.as_u128() == {bits:#x})"),
            },
            Value::FuncRef(_) | Value::ExternRef(_) => return None,
        })
    }
}
