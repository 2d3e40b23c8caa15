//! The directives of a script, as pieces of its text.

use std::ops::Range;

/// The lists at the top of a text, each from its parenthesis to its parenthesis; none
/// if it is blank but for comments. `None` if there is anything else between them, or
/// if the parentheses, strings or comments of the text do not end.
pub(super) fn forms(text: &str) -> Option<Vec<Range<usize>>> {
    let bytes = text.as_bytes();
    let mut forms = Vec::new();
    let (mut at, mut depth, mut start) = (0, 0usize, 0);
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        match byte {
            b'"' if depth > 0 => at = string_end(bytes, at)?,
            b';' if next == Some(&b';') => {
                let line = bytes[at..].iter().position(|&b| b == b'\n');
                at = line.map_or(bytes.len(), |length| at + length);
            }
            b'(' if next == Some(&b';') => at = comment_end(bytes, at)?,
            b'(' => {
                if depth == 0 {
                    start = at;
                }
                depth += 1;
                at += 1;
            }
            b')' => {
                depth = depth.checked_sub(1)?;
                at += 1;
                if depth == 0 {
                    forms.push(start..at);
                }
            }
            _ if depth == 0 && !byte.is_ascii_whitespace() => return None,
            _ => at += 1,
        }
    }
    (depth == 0).then_some(forms)
}

/// Behind the string that begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += 1;
        match bytes.get(at)? {
            b'\\' => at += 1,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
}

/// Behind the block comment that begins at `at`: they nest.
fn comment_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0;
    loop {
        match bytes.get(at..at + 2)? {
            b"(;" => {
                depth += 1;
                at += 2;
            }
            b";)" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
}

/// The name that a form gives to the module that it is, if it is one: `Some(None)`
/// for a module without a name.
pub(super) fn module_name(form: &str) -> Option<Option<&str>> {
    let mut words = form.trim_start_matches('(').split_whitespace();
    let first = words.next()?;
    if !matches!(first, "module" | "component") {
        return None;
    }
    let mut words = words.filter(|word| !matches!(*word, "definition" | "instance" | "quote"));
    let name = words.next().and_then(|word| word.strip_prefix('$'));
    Some(name.map(|name| name.trim_end_matches(')')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_strings_and_comments_are_told_apart() {
        let text = "(a (b \")\\\"\")) ;; (x\n(; (; ( ;) ;) (c) (d;;)\n)";
        let found: Vec<&str> = forms(text).unwrap().into_iter().map(|r| &text[r]).collect();
        assert_eq!(found, ["(a (b \")\\\"\"))", "(c)", "(d;;)\n)"]);
        assert_eq!(forms(" ;; (a)\n(; b ;)"), Some(vec![]));
        for broken in ["(", ")", "(\"", "(; ", "(a))", "a", "(a) b", "\"a\""] {
            assert_eq!(forms(broken), None, "{broken}");
        }
    }

    #[test]
    fn modules_are_found_by_name() {
        assert_eq!(module_name("(module $a (func))"), Some(Some("a")));
        assert_eq!(module_name("(module definition $a)"), Some(Some("a")));
        assert_eq!(module_name("(module (func))"), Some(None));
        assert_eq!(module_name("(component $c)"), Some(Some("c")));
        assert_eq!(module_name("(assert_return (invoke \"f\"))"), None);
    }
}
