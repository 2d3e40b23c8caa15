//! The same seed and number of cases report the same, however they are run.

mod campaign;

use campaign::{campaign, report};

#[test]
fn with_one_job_or_two_in_workers_or_in_process() {
    let arguments = [
        "--engines",
        "wasmi,mutant/grow-new-size,mutant/notify-one",
        "--seed",
        "7",
        "--cases",
        "60",
        "--budget",
        "16",
    ];
    let reports = [&["--jobs", "1"][..], &["--jobs", "2"], &["--in-process"]].map(|how| {
        let folder = tempfile::tempdir().expect("a folder");
        let status = campaign(folder.path(), &arguments)
            .args(how)
            .status()
            .expect("it runs");
        assert_eq!(status.code(), Some(1), "{how:?}: the faults are new");
        report(folder.path())
    });
    assert_eq!(reports[0], reports[1], "with two jobs");
    assert_eq!(reports[0], reports[2], "in process");
}
