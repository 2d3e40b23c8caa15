//! The project's own claims are complete; a wrong one is found out.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::engine::javascript::{Launch, here};
use crate::engine::{self, Budget, Configuration};
use crate::worker::{InProcess, Router, Runner, WorkerOptions};
use crate::workers::{self, Catalogue};

fn own() -> Vec<Claim> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("claims")).unwrap()
}

/// Puts a claim to configurations.
fn answered(claim: &Claim, configurations: &[Configuration]) -> Vec<Answered> {
    let options = WorkerOptions {
        launch: Launch::default(),
        wall: Duration::from_secs(60),
        memory: 1536 << 20,
    };
    let folder = PathBuf::from(catalogue().folder());
    let linked = Box::new(InProcess::new(engine::all()));
    let runner: &mut dyn Runner = &mut Router::new(linked, folder, options);
    let mut place = Surroundings {
        configurations,
        runner,
        budget: Budget::of(8 << 30),
        wall: Duration::from_secs(60),
    };
    ask(claim, &mut place).unwrap()
}

fn catalogue() -> Catalogue {
    Catalogue::new(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

/// One configuration of each JavaScript engine of this machine.
fn javascript() -> Vec<Configuration> {
    let patterns = here();
    if patterns.is_empty() {
        return Vec::new();
    }
    let options = workers::Options::default();
    catalogue().select(&patterns, options, &mut |_| ()).unwrap()
}

#[test]
fn all_claims_are_there_each_once() {
    let numbers: Vec<usize> = own().iter().map(|claim| claim.number).collect();
    assert_eq!(numbers, (1..=27).collect::<Vec<_>>());
}

#[test]
fn every_file_of_the_folder_is_used() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("claims");
    let mut used = vec!["claims.toml".to_owned(), "module.mjs".to_owned()];
    for case in own().iter().flat_map(|claim| &claim.cases) {
        used.push(case.file.clone());
        used.extend(case.with.iter().cloned());
    }
    let traces = fragmentation::traces();
    used.extend(traces.iter().map(|trace| format!("{}.svg", trace.stem)));
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(used.contains(&name), "{name}");
    }
}

/// What the reference says of each script is what is written down of the specification.
/// Claims about JavaScript or about how much an engine grants are not decided by it.
#[test]
fn the_reference_agrees_with_what_is_written_down() {
    for claim in own() {
        let answers = answered(&claim, &[]);
        let word = measured(&answers);
        let decided = !matches!(claim.number, 8 | 20 | 21);
        if decided && claim.cases.iter().any(Case::is_script) {
            assert_eq!(
                word,
                Some(claim.specification),
                "{}: {answers:?}",
                claim.number
            );
        }
    }
}

#[test]
fn linked_engines_agree_where_all_do() {
    let configurations = engine::all();
    for claim in own()
        .iter()
        .filter(|claim| [3, 17, 19].contains(&claim.number))
    {
        let answers = answered(claim, &configurations);
        assert_eq!(answers.len(), configurations.len() + 1);
        assert_eq!(
            measured(&answers),
            Some(Word::Holds),
            "{}: {answers:?}",
            claim.number
        );
    }
}

/// A folder with one claim of one case.
fn planted(file: &str, text: &str) -> Claim {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(file, text);
    write("module.mjs", "");
    let claims = format!(
        "[[claim]]\nnumber = 1\nsays = 'x | y'\ncases = [{{ file = '{file}' }}]\n\
         specification = 'holds'\nbecause = 'it is said.'"
    );
    write("claims.toml", &claims);
    read(folder.path()).unwrap().remove(0)
}

#[test]
fn a_wrong_claim_does_not_hold() {
    let text = "(module (memory 1 1) (func (export \"grow\") (result i32) (memory.grow (i32.const 1))))\n\
                (assert_return (invoke \"grow\") (i32.const 1))";
    let claim = planted("wrong.wast", text);
    let answers = answered(&claim, &engine::all());
    assert_eq!(measured(&answers), Some(Word::DoesNotHold), "{answers:?}");
    let asked = Asked { claim, answers };
    let table = table(&[asked], &engine::all(), &[]);
    let row = table
        .lines()
        .find(|line| line.starts_with("| 1 |"))
        .unwrap();
    assert!(row.contains("x \\| y"), "{row}");
    assert!(row.contains("**differ**: reference"), "{row}");
    assert!(row.contains("(wrong.wast:2: i32:0xffffffff)"), "{row}");
    assert!(
        row.contains("**does not hold** here; by the specification: holds. it is said."),
        "{row}"
    );
}

#[test]
fn what_a_fault_breaks_depends() {
    let claims = own();
    let planted = engine::planted();
    let wrong: Vec<_> = planted
        .into_iter()
        .filter(|c| c.engine() == "mutant")
        .collect();
    let options = &mut InProcess::new(wrong.clone());
    let mut place = Surroundings {
        configurations: &wrong,
        runner: options,
        budget: Budget::of(8 << 30),
        wall: Duration::from_secs(1),
    };
    for number in [3, 18] {
        let answers = ask(&claims[number - 1], &mut place).unwrap();
        assert_eq!(measured(&answers), Some(Word::Depends), "{number}");
    }
}

#[test]
fn answers_in_javascript_are_understood() {
    let engines = javascript();
    if engines.is_empty() {
        eprintln!("skipped: no JavaScript engine is here");
        return;
    }
    for (text, expected) in [
        (
            "{ answer: true, note: 'seen' }",
            Some(Answer::Agrees("seen".to_owned())),
        ),
        ("{ answer: false }", Some(Answer::Differs(String::new()))),
        (
            "{ answer: null, note: 'no' }",
            Some(Answer::Silent("no".to_owned())),
        ),
        ("{ answer: 7 }", None),
        ("nothing.there", None),
    ] {
        let claim = planted("case.mjs", &format!("export default async () => ({text});"));
        let answers = answered(&claim, &engines);
        assert_eq!(answers.len(), engines.len());
        for Answered { who, answer } in answers {
            match &expected {
                Some(expected) => assert_eq!(answer, *expected, "{who}: {text}"),
                None => assert!(
                    matches!(&answer, Answer::Silent(_)),
                    "{who}: {text}: {answer:?}"
                ),
            }
        }
    }
}

#[test]
fn the_method_does_not_return_minus_one() {
    let engines = javascript();
    for claim in [4, 5].map(|number| own().remove(number - 1)) {
        for Answered { who, answer } in answered(&claim, &engines) {
            assert!(matches!(answer, Answer::Differs(_)), "{who}: {answer:?}");
        }
    }
}

#[test]
fn bad_claims_are_told_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |text: &str, words: &str| {
        std::fs::write(folder.path().join("claims.toml"), text).unwrap();
        let why = read(folder.path()).unwrap_err();
        assert!(why.contains(words) && !why.contains('\n'), "{why}");
    };
    let claim = "[[claim]]\nnumber = 1\nsays = ''\nspecification = 'holds'\nbecause = ''\n";
    refused("[[claim]]\nnumber = 'x'", "claims.toml:2: ");
    refused(&format!("{claim}cases = []\nwrong = 1"), "wrong");
    refused(
        &format!("{claim}cases = [{{ file = 'none.wast' }}]"),
        "none.wast: ",
    );
    refused(
        &format!("{claim}cases = []\n{claim}cases = []"),
        "1 follows 1",
    );
    std::fs::write(folder.path().join("bad.wast"), "(module").unwrap();
    refused(
        &format!("{claim}cases = [{{ file = 'bad.wast' }}]"),
        "bad.wast:1",
    );
    assert!(
        read(Path::new("/nowhere"))
            .unwrap_err()
            .contains("claims.toml")
    );
}

/// The drawings and the numbers that are in the repository are those of the reference.
/// `BLESS=1` writes them anew.
#[test]
fn what_is_told_of_fragmentation_is_measured() {
    let measured = fragmentation::measure(None).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(folder.join("CLAIMS.md")).unwrap();
    let section = table::fragmentation(&measured);
    let bless = std::env::var_os("BLESS").is_some();
    for each in &measured {
        let file = folder.join("claims").join(format!("{}.svg", each.stem));
        if bless {
            std::fs::write(&file, &each.svg).unwrap();
        }
        let there = std::fs::read_to_string(&file).unwrap();
        assert_eq!(there, each.svg, "{}", each.stem);
        assert!(there.len() < 8 << 10, "{}: {}", each.stem, there.len());
    }
    if bless {
        let before = document.split("\n## Live bytes").next().unwrap();
        std::fs::write(folder.join("CLAIMS.md"), before.to_owned() + &section).unwrap();
        return;
    }
    assert!(document.ends_with(&section), "CLAIMS.md lacks:\n{section}");
}

/// The order of the claims: what fragments more takes more memory for the same requests.
#[test]
fn the_traces_show_what_the_claims_say() {
    let measured = fragmentation::measure(None).unwrap();
    let row = |claim: usize, name: &str| {
        let of = measured.iter().find(|each| each.claim == claim).unwrap();
        of.rows.iter().find(|row| row.name == name).unwrap().clone()
    };
    let size = |claim, name| row(claim, name).size;
    for claim in [22, 23] {
        assert!(size(claim, "bump") >= size(claim, "first fit"), "{claim}");
        assert!(
            size(claim, "first fit") >= size(claim, "first fit, coalescing"),
            "{claim}"
        );
    }
    assert!(size(23, "first fit") > 2 * size(23, "first fit, coalescing"));
    assert!(size(23, "first fit") > size(23, "size classes"));
    assert!(size(24, "bump, never reset") > 4 * size(24, "bump, reset"));
    assert!(size(25, "one memory") > size(25, "two memories"));
    // The large ones are refused with most of it free, and the small ones are not.
    assert_eq!(row(26, "first fit, coalescing").refused, 5);
}
