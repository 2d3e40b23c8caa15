//! What an engine's own policy makes of a divergence.
//!
//! The policies differ: one counts a panic of the host as a vulnerability, and
//! leaves out what is of a proposal that it does not fully support. The report
//! says which applies, and whoever files it decides.

use crate::judge::Severity;

/// The policy of one engine.
pub(super) struct Policy {
    /// Where it is published.
    pub(super) link: &'static str,
    /// What it says of a severity, in a sentence.
    says: fn(Severity) -> &'static str,
}

impl Policy {
    /// What the policy says of it, in a sentence.
    pub(super) fn says(&self, severity: Severity) -> &'static str {
        (self.says)(severity)
    }
}

/// The policy of an engine that has published one.
pub(super) fn of(engine: &str) -> Option<Policy> {
    match engine {
        "wasmtime" => Some(Policy {
            link: "https://docs.wasmtime.dev/security-what-is-considered-a-security-vulnerability.html",
            says: wasmtime,
        }),
        "wasmer" => Some(Policy {
            link: "https://github.com/wasmerio/wasmer/security/policy",
            says: |severity| match severity {
                Severity::Sandbox => "Wasmer asks for vulnerabilities to be reported in private.",
                _ => "Wasmer's policy does not say that this is a vulnerability.",
            },
        }),
        "wasmi" => Some(Policy {
            link: "https://github.com/wasmi-labs/wasmi/security/policy",
            says: |severity| match severity {
                Severity::Sandbox => "Wasmi asks for vulnerabilities to be reported in private.",
                _ => "Wasmi's policy does not say that this is a vulnerability.",
            },
        }),
        _ => None,
    }
}

fn wasmtime(severity: Severity) -> &'static str {
    match severity {
        Severity::Sandbox => {
            "Wasmtime counts what undermines the sandbox as a vulnerability, on platforms and in \
             features of tier 1."
        }
        Severity::Abort => {
            "Wasmtime counts a panic or an abort of the host while WebAssembly runs as a \
             vulnerability, on platforms and in features of tier 1; of tier 2 (threads and custom \
             page sizes are), or while a module is compiled, it does not. A panic of a tier 1 \
             feature belongs to the private contact, https://bytecodealliance.org/security."
        }
        Severity::Resources => {
            "Wasmtime counts a denial of service while WebAssembly runs as a vulnerability, and \
             not while a module is compiled."
        }
        Severity::Assertion => "Wasmtime is released without the assertion that fails.",
        Severity::WrongResult | Severity::Validation => {
            "Wasmtime does not count a wrong value, or a trap too many, as a vulnerability as \
             long as execution stays within the sandbox."
        }
    }
}
