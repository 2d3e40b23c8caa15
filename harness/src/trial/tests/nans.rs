//! What depends on the bits of NaNs that the specification leaves open is no
//! divergence, and what does not still is.

use trapline_reference::Value;

use super::*;

/// What is said of an engine that gives these values in the last step.
fn gives(text: &str, values: &[Value]) -> Verdict {
    verdict(text, |step| step.outcome = Outcome::Values(values.into()))
}

fn diverges(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Diverges(_))
}

#[test]
fn only_what_depends_on_the_open_bits_of_a_nan_may_differ() {
    let text = r#"
        (module (func (export "f") (param f64) (result f32 i32)
            (f32.demote_f64 (local.get 0)) (i32.const 1)))
        (invoke "f" (f64.const nan:0x7f800000))"#;
    let (canonical, other) = (Value::F32(0x7fc0_0000), Value::F32(0x7fc0_0003));
    let (one, two) = (Value::I32(1), Value::I32(2));
    assert_eq!(gives(text, &[canonical, one]), Verdict::Conforms);
    assert_eq!(gives(text, &[other, one]), Verdict::Conforms);
    for wrong in [&[other, two][..], &[canonical, two], &[other]] {
        assert!(diverges(&gives(text, wrong)), "{wrong:?}");
    }
}

#[test]
fn of_a_canonical_nan_the_sign_is_open_and_nothing_else() {
    let text = r#"
        (module (func (export "f") (param f64) (result i64)
            (i64.reinterpret_f64 (f64.div (local.get 0) (f64.const 0)))))
        (invoke "f" (f64.const 0))"#;
    let negative = Value::I64(0xfff8_0000_0000_0000);
    assert_eq!(gives(text, &[negative]), Verdict::Conforms);
    let payload = Value::I64(0x7ff8_0000_0000_0001);
    assert!(diverges(&gives(text, &[payload])));
}

#[test]
fn what_a_sign_decides_is_skipped_and_the_rest_is_judged() {
    let text = |before: &str| {
        format!(
            r#"(module $nan (func (export "f") (param f64) (result i32)
                 (if (result i32) (i64.lt_s (i64.reinterpret_f64 (f64.div (local.get 0) (f64.const 0))) (i64.const 0))
                   (then (i32.const 1)) (else (i32.const 2)))))
               (module $other (func (export "g") (result i32) (i32.const 3)))
               {before}"#
        )
    };
    let after = text(r#"(invoke $other "g") (invoke $nan "f" (f64.const 0))"#);
    let open = Verdict::Skipped("a NaN whose bits are open".to_owned());
    assert_eq!(gives(&after, &[Value::I32(1)]), open);
    // What is not linked with it is judged, also behind it.
    let before = text(r#"(invoke $nan "f" (f64.const 0)) (invoke $other "g")"#);
    assert!(diverges(&gives(&before, &[Value::I32(4)])));
    // What is, is not.
    let again = text(r#"(invoke $nan "f" (f64.const 0)) (invoke $nan "f" (f64.const 1))"#);
    assert_eq!(gives(&again, &[Value::I32(1)]), open);
}

#[test]
fn a_nan_that_was_made_canonical_has_no_open_bits() {
    let text = r#"
        (module (func (export "f") (param $nan f32) (result f32)
            (local.set $nan (f32.sqrt (local.get $nan)))
            (select
                (local.get $nan)
                (f32.const nan)
                (f32.eq (local.get $nan) (local.get $nan)))))
        (invoke "f" (f32.const nan:0x200000))"#;
    assert!(diverges(&gives(text, &[Value::F32(0x7fc0_0003)])));
}

/// The engine whose NaNs are negative, as the reference with a `f64.neg` in the
/// place of `$open`.
struct Negative;

impl Runner for Negative {
    fn run(&mut self, job: &Job<'_>, _: &[&str]) -> Result<Vec<Answer>, String> {
        let mut script = job.script.clone();
        for step in &mut script.steps {
            if let Step::Define { wasm, .. } = step {
                // `f64.abs`, which does nothing to a NaN that the reference
                // made, becomes `f64.neg`.
                for byte in wasm.iter_mut().filter(|byte| **byte == 0x99) {
                    *byte = 0x9a;
                }
            }
        }
        let job = Job::new(&script, job.budget, job.watch, job.captures);
        let options = reference::Options {
            trace: false,
            ..reference::Options::default()
        };
        Ok(vec![Answer::Observed(
            reference::observe(&job, &options).observation,
        )])
    }
}

fn negative(body: &str) -> Verdict {
    let text = format!(
        r#"(module (memory (export "memory") 2) (global $g (mut i64) (i64.const 0))
             (func $nan (result i64) (local f64)
               (i64.reinterpret_f64 (OPEN (f64.div (local.get 0) (local.get 0)))))
             (func (export "f") (result i32) {body}))
           (invoke "f")"#
    );
    // The reference does not turn the sign, and does not know that it is known.
    let right = text.replace(
        "(OPEN (f64.div (local.get 0) (local.get 0)))",
        "(f64.div (local.get 0) (local.get 0))",
    );
    let script = wast::parse("test.wast", right.as_bytes()).unwrap().script;
    let turned = text.replace("OPEN", "f64.neg");
    let turned = wast::parse("test.wast", turned.as_bytes()).unwrap().script;
    struct Turned(Script);
    impl Runner for Turned {
        fn run(&mut self, job: &Job<'_>, names: &[&str]) -> Result<Vec<Answer>, String> {
            let job = Job::new(&self.0, job.budget, job.watch, job.captures);
            Negative.run(&job, names)
        }
    }
    let budget = Budget::of(1 << 20);
    let trial = try_script(&script, budget, &mut Turned(turned), &["engine"]).unwrap();
    trial.judged[0].verdict.clone()
}

#[test]
fn another_sign_is_no_divergence_on_any_road() {
    let sign = "(i32.wrap_i64 (i64.shr_u (call $nan) (i64.const 63)))";
    for (road, body) in [
        (
            "memory",
            "(i64.store (i32.const 0) (call $nan)) (i32.const 0)",
        ),
        (
            "a byte",
            "(i32.store8 (i32.const 0) (i64.eq (call $nan) (i64.const 0xfff8000000000000))) (i32.const 0)",
        ),
        ("a value", "SIGN"),
        (
            "a global",
            "(global.set $g (call $nan)) (i64.lt_s (global.get $g) (i64.const 0))",
        ),
        (
            "a fill",
            "(memory.fill (i32.const 0) SIGN (i32.const 9)) (i32.const 0)",
        ),
        (
            "a copy",
            "(i64.store (i32.const 0) (call $nan)) (memory.copy (i32.const 0xffff) (i32.const 0) (i32.const 8)) (i32.const 0)",
        ),
        (
            "a picked value",
            "(select (i32.const 7) (i32.const 8) SIGN)",
        ),
        (
            "an address",
            "(i32.store (i32.mul SIGN (i32.const 64)) (i32.const 1)) (i32.const 0)",
        ),
        (
            "a length",
            "(memory.fill (i32.const 0) (i32.const 1) SIGN) (i32.const 0)",
        ),
        (
            "a branch",
            "(if (result i32) SIGN (then (memory.grow (i32.const 1))) (else (i32.const 0)))",
        ),
        (
            "a table of branches",
            "(block (block (br_table 0 1 SIGN)) (i32.store (i32.const 0) (i32.const 1))) (i32.const 0)",
        ),
        ("a size", "(drop (memory.grow SIGN)) (memory.size)"),
        ("a trap", "(i32.div_u (i32.const 1) SIGN)"),
        (
            "a trap of an address",
            "(i32.load (i32.mul SIGN (i32.const 0x100000)))",
        ),
    ] {
        let verdict = negative(&body.replace("SIGN", sign));
        assert!(
            matches!(verdict, Verdict::Conforms | Verdict::Skipped(_)),
            "{road}: {verdict:?}"
        );
    }
}

#[test]
fn what_differs_beside_a_nan_is_still_found() {
    // In the same chunk of memory, and in another.
    let other = "(f64.neg (f64.const 1))";
    for at in ["8", "0x10000"] {
        let body = format!(
            "(i64.store (i32.const 0) (call $nan)) (f64.store (i32.const {at}) {other}) (i32.const 0)"
        );
        assert_eq!(negative(&body), Verdict::Conforms);
        // What the planted engine turns round: a `f64.abs` that it negates.
        let wrong = body.replace("f64.neg", "f64.abs");
        assert!(diverges(&negative(&wrong)), "{at}: {:?}", negative(&wrong));
    }
}
