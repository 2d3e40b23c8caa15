//! scratch
use std::time::Instant;
use trapline_reference::*;
fn main() {
    let mut text = String::from("(module (memory (export \"m\") 1 10) (memory $b 1 10)");
    for f in 0..10 {
        text.push_str(&format!(
            "(func (export \"f{f}\") (param i32 i64) (result i64) (local i64)"
        ));
        for i in 0..20 {
            text.push_str(&format!("(i64.store offset={} (i32.add (local.get 0) (i32.const {i})) (i64.add (local.get 1) (i64.const 3)))", i * 8));
            text.push_str(&format!(
                "(local.set 2 (i64.add (local.get 2) (i64.load16_u offset={} (local.get 0))))",
                i
            ));
        }
        text.push_str("(local.get 2))");
    }
    text.push(')');
    let buf = wast::parser::ParseBuffer::new(&text).unwrap();
    let wasm = wast::parser::parse::<wast::Wat>(&buf)
        .unwrap()
        .encode()
        .unwrap();
    println!("{} bytes", wasm.len());
    for trace in [false, true] {
        let (mut best, mut parts) = (u128::MAX, [0; 3]);
        for _ in 0..2000 {
            let t = Instant::now();
            let module = Module::new(&wasm).unwrap();
            let a = t.elapsed().as_nanos();
            let mut store = Store::new(Config {
                trace,
                ..Config::default()
            });
            let inst = store.instantiate(&module, |_, _, _| None).unwrap();
            let b = t.elapsed().as_nanos();
            for i in 0..60u32 {
                let Some(Extern::Func(f)) = store.export(inst, &format!("f{}", i % 10)) else {
                    panic!()
                };
                let _ = store.invoke(
                    f,
                    &[
                        Value::I32(if i % 3 == 0 { 65530 } else { i * 100 }),
                        Value::I64(7),
                    ],
                );
            }
            drop(store);
            let c = t.elapsed().as_nanos();
            if c < best {
                best = c;
                parts = [a, b - a, c - b];
            }
        }
        println!("trace {trace}: {} us: {:?}", best / 1000, parts);
    }
}
