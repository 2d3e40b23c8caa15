//! The text of a report.

use std::fmt::Write as _;

use super::{Facts, LookAt, Standalone, Who, channel, policy, uses_host};
use crate::corpus::Bug;
use crate::engine::Configuration;
use crate::judge::Difference;
use crate::trial::Sighting;

/// One line that says what goes wrong.
pub(super) fn title(
    configuration: &Configuration,
    difference: &Difference,
    operation: &str,
    bug: Option<&Bug>,
) -> String {
    if let Some(bug) = bug {
        return format!("{}: {}", configuration.engine(), bug.title);
    }
    let operation = match operation {
        "none" => String::new(),
        operation => format!(" at `{operation}`"),
    };
    format!(
        "{} ({}): {}{operation}",
        configuration.engine(),
        configuration.name(),
        difference.class,
    )
}

/// The whole report.
pub(super) fn text(title: &str, facts: &Facts<'_>) -> String {
    let mut out = format!("# {title}\n\n");
    severity(facts, &mut out);
    let _ = write!(
        out,
        "## Test case\n\n`{}`:\n\n```wasm\n{}```\n\n",
        facts.file, facts.wast
    );
    expected_and_actual(facts, &mut out);
    steps(facts, &mut out);
    environment(facts, &mut out);
    out
}

fn severity(facts: &Facts<'_>, out: &mut String) {
    let (class, severity) = (facts.difference.class, facts.severity);
    let engine = facts.configuration.engine();
    let channel = channel(engine, severity.is_private());
    let _ = if severity.is_private() {
        write!(
            out,
            "**Security: this can break a sandbox ({class}). Report it in private, to \
             {channel}, and not in a public tracker.**\n\n"
        )
    } else {
        write!(
            out,
            "Class: {class}; severity: {severity}. To be reported at {channel}.\n\n"
        )
    };
    if let Some(policy) = policy::of(engine) {
        let _ = write!(
            out,
            "{} [The engine's own policy]({}).\n\n",
            policy.says(severity),
            policy.link
        );
    }
}

fn steps(facts: &Facts<'_>, out: &mut String) {
    out.push_str("## Steps to reproduce\n\n");
    if let Some(command) = command(facts) {
        let _ = write!(
            out,
            "With the engine's command line:\n\n```sh\n{command}\n```\n\n"
        );
    }
    match facts.standalone {
        Ok(Standalone::Package { manifest, main }) => {
            let _ = write!(
                out,
                "With a program against the published crate (`cargo run`):\n\n\
                 ```rust\n{main}```\n\n\
                 <details><summary><code>Cargo.toml</code></summary>\n\n```toml\n{manifest}```\n\n</details>\n\n",
            );
        }
        Ok(Standalone::Module { text, how }) => {
            let _ = write!(
                out,
                "With a module of JavaScript: {how}\n\n```js\n{text}```\n\n"
            );
        }
        Err(why) => {
            let _ = write!(
                out,
                "Run the test case in configuration `{}`: {} (No stand-alone program: {why}.)\n\n",
                facts.configuration.name(),
                facts.configuration.about()
            );
        }
    }
}

/// The command that shows it, where a plain `.wast` on a plain configuration does.
fn command(facts: &Facts<'_>) -> Option<String> {
    if uses_host(&facts.wast) || facts.look.is_some() {
        return None;
    }
    let file = facts.file;
    let proposals = "-W multi-memory,memory64,custom-page-sizes,threads,shared-memory";
    Some(match facts.configuration.name() {
        "wasmtime/cranelift" => format!("wasmtime wast {proposals} {file}"),
        "wasmtime/winch" => format!("wasmtime wast -C compiler=winch {proposals} {file}"),
        "wasmtime/pulley" => format!("wasmtime wast --target pulley64 {proposals} {file}"),
        "wasmer/cranelift" => format!("wasmer wast --cranelift {file}"),
        "wasmer/singlepass" => format!("wasmer wast --singlepass {file}"),
        _ => return None,
    })
}

fn expected_and_actual(facts: &Facts<'_>, out: &mut String) {
    let difference = facts.difference;
    let section = facts.section;
    let _ = write!(
        out,
        "## Expected\n\n{}{}\n\n[{}]({})\n\n",
        difference.expected,
        match &facts.reason {
            Some(reason) => format!(": {reason}."),
            None => String::new(),
        },
        section.title,
        section.link
    );
    if let Some((look, _)) = &facts.look {
        let _ = match look.at {
            LookAt::Byte(address, byte) => write!(
                out,
                "The byte at address {address} of memory `{}` is then `{byte:#04x}`.\n\n",
                look.memory
            ),
            LookAt::Size(bytes) => {
                write!(out, "Memory `{}` then has {bytes} bytes.\n\n", look.memory)
            }
        };
    }
    let _ = write!(out, "## Actual\n\n{}\n\n", difference.got);
    if let Some(Sighting { times, runs, after }) = facts.sighting {
        let _ = write!(
            out,
            "Seen {times} times in {runs} runs, first after {:.1} ms.\n\n",
            after.as_secs_f64() * 1e3
        );
    }
    if let Some((look, got)) = &facts.look {
        let _ = match look.at {
            LookAt::Byte(..) => write!(out, "The byte is `{got}`.\n\n"),
            LookAt::Size(_) => write!(out, "It has {got} bytes.\n\n"),
        };
    }
}

fn environment(facts: &Facts<'_>, out: &mut String) {
    let Who {
        diverging,
        conforming,
        versions,
    } = &facts.who;
    let _ = write!(
        out,
        "## Versions and configurations\n\n- diverging: {diverging}\n- conforming: \
         {conforming}\n- tried: {versions}; on {}, {}\n",
        std::env::consts::ARCH,
        std::env::consts::OS,
    );
    let Some(bug) = facts.bug else {
        return;
    };
    if !bug.seen.is_empty() {
        let gone = match &bug.gone {
            Some(version) => format!("; not any more in {version}"),
            None => String::new(),
        };
        let _ = writeln!(
            out,
            "- releases that have it: {}{gone}",
            bug.seen.join(", ")
        );
    }
    if !bug.cause.at.instructions.is_empty() {
        let _ = writeln!(out, "- shows at: {}", bug.cause.at.instructions.join(", "));
    }
}
