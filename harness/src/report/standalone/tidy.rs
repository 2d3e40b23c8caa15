//! What a compiler would warn of in a program, taken out.

/// The lines without a `mut` that nothing needs, or a variable that nothing uses.
pub(super) fn without_warnings(mut lines: Vec<String>) -> Vec<String> {
    let mut at = 0;
    while at < lines.len() {
        let declared = lines[at].strip_prefix("let ");
        let name = declared.map(|rest| rest.strip_prefix("mut ").unwrap_or(rest));
        let name = name
            .and_then(|rest| rest.split_once(' '))
            .map(|(name, _)| name);
        let name = name.unwrap_or_default().to_owned();
        let code = |line: &&String| !line.starts_with('\0');
        let after = || lines[at + 1..].iter().filter(code);
        let is_used = after().any(|line| line.contains(&name));
        let ways = [format!("&mut {name}"), format!("{name}.")];
        let is_changed = after().any(|line| ways.iter().any(|way| line.contains(way)));
        match &*name {
            // It is no declaration.
            "" => {}
            "store" if !is_used => {
                lines.remove(at);
                continue;
            }
            // What it is made by matters: an instance has a start function.
            _ if !is_used => {
                let (old, new) = (format!(" {name} ="), format!(" _{name} ="));
                lines[at] = lines[at].replacen(&old, &new, 1);
            }
            _ if !is_changed => lines[at] = lines[at].replacen("let mut ", "let ", 1),
            _ => {}
        }
        at += 1;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_warns_of_what_is_not_changed() {
        let lines = |lines: &[&str]| Vec::from_iter(lines.iter().map(|&line| line.to_owned()));
        let written = lines(&[
            "let mut config = Config::new();",
            "let engine = Engine::new(&config);",
            "let mut store = Store::new(&engine, ());",
            "\0(store.)",
            "let i1 = Module::new(&engine, &wasm[..]).unwrap();",
        ]);
        let tidy = lines(&[
            "let config = Config::new();",
            "let engine = Engine::new(&config);",
            "\0(store.)",
            "let _i1 = Module::new(&engine, &wasm[..]).unwrap();",
        ]);
        assert_eq!(without_warnings(written), tidy);
        let changed = lines(&[
            "let mut store = Store::new(engine);",
            "f.call(&mut store, &[])",
        ]);
        assert_eq!(without_warnings(changed.clone()), changed);
    }
}
