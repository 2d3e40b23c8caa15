//! S-expressions: read from a printed module, laid out again in few lines.

/// An atom or a list, as it stood in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// Whether it began a line: where a list may be broken again.
    pub(crate) starts_line: bool,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Atom(String),
    List(Vec<Node>),
}

impl Node {
    pub(crate) fn atom(text: &str) -> Node {
        Node {
            starts_line: false,
            kind: Kind::Atom(text.to_owned()),
        }
    }

    pub(crate) fn list(children: Vec<Node>) -> Node {
        Node {
            starts_line: false,
            kind: Kind::List(children),
        }
    }

    pub(crate) fn as_atom(&self) -> Option<&str> {
        match &self.kind {
            Kind::Atom(text) => Some(text),
            Kind::List(_) => None,
        }
    }

    pub(crate) fn children(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::Atom(_) => None,
            Kind::List(children) => Some(children),
        }
    }

    /// The first word of a list.
    pub(crate) fn head(&self) -> Option<&str> {
        self.children()?.first()?.as_atom()
    }

    /// The word that is all there is in a list like `(type 3)`.
    pub(crate) fn sole_argument(&self, head: &str) -> Option<&str> {
        match self.children()? {
            [word, argument] if word.as_atom() == Some(head) => argument.as_atom(),
            _ => None,
        }
    }

    /// The `$name` behind the head of a list.
    pub(crate) fn name(&self) -> Option<&str> {
        let second = self.children()?.get(1)?.as_atom()?;
        second.starts_with('$').then_some(second)
    }

    /// The text, on one line.
    pub(crate) fn to_text(&self) -> String {
        let mut out = String::new();
        self.flat(&mut out);
        out
    }

    fn flat(&self, out: &mut String) {
        match &self.kind {
            Kind::Atom(text) => out.push_str(text),
            Kind::List(children) => {
                out.push('(');
                for (i, child) in children.iter().enumerate() {
                    if i > 0 {
                        out.push(' ');
                    }
                    child.flat(out);
                }
                out.push(')');
            }
        }
    }

    /// Writes it at `indent` columns: on one line if it fits into `width`,
    /// otherwise broken where it was broken before.
    pub(crate) fn lay_out(&self, indent: usize, width: usize, out: &mut String) {
        let start = out.len();
        self.flat(out);
        let Kind::List(children) = &self.kind else {
            return;
        };
        if indent + out[start..].chars().count() <= width
            || !children.iter().any(|child| child.starts_line)
        {
            return;
        }
        out.truncate(start);
        out.push('(');
        let mut column = indent + 1;
        for (i, child) in children.iter().enumerate() {
            if child.starts_line {
                column = indent + 2;
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', column));
            } else if i > 0 {
                out.push(' ');
                column += 1;
            }
            let before = out.len();
            child.lay_out(column, width, out);
            column += out.len() - before;
        }
        out.push(')');
    }
}

/// Reads the one s-expression of `text`, without its comments; `None` if it is none.
pub(crate) fn read(text: &str) -> Option<Node> {
    let mut stack: Vec<Vec<Node>> = vec![Vec::new()];
    let mut line_start = true;
    let mut opened_at_line_start = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\n' => {
                line_start = true;
                1
            }
            c if c.is_whitespace() => c.len_utf8(),
            '(' if rest.starts_with("(;") => rest.find(";)")? + 2,
            ';' => rest.find('\n').unwrap_or(rest.len()),
            '(' => {
                opened_at_line_start.push(std::mem::take(&mut line_start));
                stack.push(Vec::new());
                1
            }
            ')' => {
                let children = stack.pop()?;
                let node = Node {
                    starts_line: opened_at_line_start.pop()?,
                    kind: Kind::List(children),
                };
                stack.last_mut()?.push(node);
                line_start = false;
                1
            }
            _ => {
                let length = match first {
                    '"' => string_length(rest)?,
                    _ => rest
                        .find(|c: char| c.is_whitespace() || "()\";".contains(c))
                        .unwrap_or(rest.len()),
                };
                stack.last_mut()?.push(Node {
                    starts_line: std::mem::take(&mut line_start),
                    kind: Kind::Atom(rest[..length].to_owned()),
                });
                length
            }
        };
        rest = &rest[length..];
    }
    match (stack.pop()?, stack.is_empty()) {
        (mut top, true) if top.len() == 1 => top.pop(),
        _ => None,
    }
}

/// The length of the string literal that `text` begins with, quotes included.
fn string_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (i, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(i + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(text: &str, width: usize) -> String {
        let mut out = String::new();
        read(text).expect("it reads").lay_out(0, width, &mut out);
        out
    }

    #[test]
    fn comments_go_and_strings_stay() {
        assert_eq!(
            laid_out("(data (;0;) \"(;0;)\\\"x\" ;; why\n 1)", 80),
            "(data \"(;0;)\\\"x\" 1)"
        );
    }

    #[test]
    fn what_does_not_fit_is_broken_where_it_was() {
        let text = "(func (param i32)\n    local.get 0\n    (drop\n      (i32.const 1)))";
        assert_eq!(
            laid_out(text, 80),
            "(func (param i32) local.get 0 (drop (i32.const 1)))"
        );
        assert_eq!(
            laid_out(text, 30),
            "(func (param i32)\n  local.get 0\n  (drop (i32.const 1)))"
        );
    }
}
