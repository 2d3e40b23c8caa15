//! What is rendered of a report.

use super::*;

#[test]
fn pages_and_junit_are_well_formed_whatever_engines_say() {
    let mut report = Place::new().run("1/1");
    let nasty = "<script>alert('x')</script> & \"]]>\" \u{1b}[31m\0 \u{fffe}";
    report.findings[0].wast = nasty.to_owned();
    report.findings[0].severity = Some(Severity::Sandbox);
    report.findings[0].private = true;
    report.findings[0].status = format!("reported: https://example.org/1?{nasty}");
    report.failures.push(nasty.to_owned());
    report.tallies[0].skipped.insert(nasty.to_owned(), 3);
    report.settle(&Past::default(), &Register::default());
    let mut past = Past::default();
    for _ in 0..3 {
        past.push(Line::of(&report));
        for text in [
            render::page(&report, &past).expect("it is made"),
            render::junit(&report).expect("it is made"),
        ] {
            let options = roxmltree::ParsingOptions {
                allow_dtd: true,
                ..Default::default()
            };
            roxmltree::Document::parse_with_options(&text, options)
                .unwrap_or_else(|why| panic!("{why}:\n{text}"));
        }
    }
    let page = render::page(&report, &past).expect("it is made");
    assert!(!page.contains("<script"), "{page}");
    for must in [
        "can break a sandbox",
        "<mark>",
        "<polyline",
        "mutant",
        "name=\"viewport\"",
        "prefers-color-scheme: dark",
        &report.findings[1].name,
    ] {
        assert!(page.contains(must), "{must}");
    }
    // Nothing is fetched from anywhere.
    for fetched in ["src=", "<link", "@import", "url("] {
        assert!(!page.contains(fetched), "{fetched}");
    }

    let junit = render::junit(&report).expect("it is made");
    let junit = roxmltree::Document::parse(&junit).expect("it is XML");
    let count = |name| junit.descendants().filter(|n| n.has_tag_name(name)).count();
    let root = junit.root_element();
    assert_eq!(
        root.attribute("tests"),
        Some(&*count("testcase").to_string())
    );
    assert_eq!(
        root.attribute("failures"),
        Some(&*count("failure").to_string())
    );
    assert_eq!(root.attribute("errors"), Some("1"), "the failure");
    assert_eq!(count("error"), 1);
    let new = report.findings.iter().filter(|finding| finding.new).count();
    assert_eq!(
        count("failure"),
        new + 2,
        "one of the corpus, one of the suite"
    );
}

#[test]
fn the_page_tells_in_which_releases_a_bug_shows() {
    let mut report = Place::new().run("1/1");
    let past = Past::default();
    let page = render::page(&report, &past).expect("it is made");
    assert!(
        !page.contains("By release"),
        "nothing but what is linked in"
    );
    let row = &mut report.replay[0].row;
    row.title = "a title of its own".to_owned();
    row.releases = vec![
        ("wasmi@1.10.0".to_owned(), false),
        ("wasmi@1.9.0".to_owned(), true),
    ];
    let page = render::page(&report, &past).expect("it is made");
    let table = page.split("By release").nth(1).expect("the table");
    let table = table.split("</table>").next().unwrap_or_default();
    let places = [
        "wasmi@1.9.0",
        "wasmi@1.10.0",
        "a title of its own",
        ">diverges<",
        ">conforms<",
    ];
    let found = places.map(|text| {
        table
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {table}"))
    });
    assert!(found.is_sorted(), "{table}");
}
