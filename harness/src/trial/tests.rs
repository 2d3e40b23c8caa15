use std::cell::RefCell;

use super::*;

/// Notes what it is asked for; the process of the first configuration dies.
struct Dies<'a>(&'a RefCell<Vec<String>>);

impl Runner for Dies<'_> {
    fn run(&mut self, _: &Job<'_>, configurations: &[&str]) -> Result<Vec<Answer>, String> {
        self.0.borrow_mut().push(configurations.join(" "));
        Ok(vec![match configurations[0] {
            "last" => Answer::Observed(Observation::default()),
            _ => Answer::Died(Death::Crash("a signal".to_owned())),
        }])
    }
}

#[test]
fn a_script_that_kills_is_kept_before_another_process_is_started() {
    let notes = RefCell::new(Vec::new());
    let trial = try_script_keeping(
        &Script::default(),
        Budget { memory_bytes: 1 },
        &mut Dies(&notes),
        &["first", "second", "last"],
        &mut |_, judged| {
            notes
                .borrow_mut()
                .push(format!("keep {}", judged.configuration));
            Ok(())
        },
    )
    .unwrap();
    assert_eq!(trial.judged.len(), 3);
    assert_eq!(
        *notes.borrow(),
        [
            "first second last",
            "keep first",
            "second last",
            "keep second",
            "last"
        ]
    );
}

#[test]
fn a_script_that_cannot_be_kept_ends_the_trial() {
    let notes = RefCell::new(Vec::new());
    let ended = try_script_keeping(
        &Script::default(),
        Budget { memory_bytes: 1 },
        &mut Dies(&notes),
        &["first", "last"],
        &mut |_, _| Err("the disk is full".to_owned()),
    );
    assert_eq!(ended.err().as_deref(), Some("the disk is full"));
    assert_eq!(*notes.borrow(), ["first last"]);
}
