//! How a worker is started.

use std::path::Path;

use super::browser::Page;

/// How a worker is started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// What is added to its environment.
    pub environment: Vec<(String, String)>,
    /// The worker is a page of the program, a browser.
    pub page: Option<Page>,
}

impl Launch {
    /// Of a program that needs nothing else.
    pub fn of(program: &Path) -> Launch {
        Launch {
            command: vec![program.to_string_lossy().into_owned()],
            ..Launch::default()
        }
    }
}
