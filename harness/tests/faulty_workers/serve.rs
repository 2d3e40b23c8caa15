//! The worker: speaks the protocol, and commits its fault.

use std::io::{Read, Write};
use std::time::Duration;

use trapline_harness::observation::Observation;
use trapline_harness::worker::protocol::{self, Reply, Request, VERSION};

use super::{BAD, LIMIT, script, send};

pub(super) fn serve(fault: &str) {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::stdout();
    let version = if fault == "another-version" {
        VERSION + 1
    } else {
        VERSION
    };
    let hello = Reply::Hello {
        version,
        configurations: Vec::new(),
    };
    protocol::write(&mut output, &hello).expect("the pipe is open");
    let mut held = Vec::new();
    while let Some(request) = protocol::read::<Request>(&mut input).expect("a request") {
        for index in 0..u32::try_from(request.configurations.len()).expect("few") {
            let mut id = request.id;
            if request.script == script(BAD) {
                match fault {
                    "another-case" => id += 1,
                    "full" => held.resize(LIMIT as usize * 3 / 4, 1_u8),
                    _ => commit(fault, &mut output),
                }
            }
            // Which process it was is told as a time.
            let mut observation = Observation::default();
            observation.timing.compile = std::process::id().into();
            let observation = Ok(observation);
            let reply = Reply::Observed {
                id,
                configuration: index,
                observation,
            };
            protocol::write(&mut output, &reply).expect("the pipe is open");
        }
    }
}

fn commit(fault: &str, output: &mut impl Write) {
    match fault {
        "segfault" => loop {
            // The first only makes Rust's own handler step aside: there is no
            // access to repeat.
            send("-SEGV");
        },
        "abort" => std::process::abort(),
        "last-words" => {
            for _ in 0..2_000 {
                eprintln!("words, words, words");
            }
            eprintln!("the last of them");
            std::process::abort()
        }
        "exit" => std::process::exit(3),
        "hang" => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        "allocate" => {
            let mut held = Vec::new();
            loop {
                held.push(vec![1_u8; 8 << 20]);
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        "half-a-frame" => {
            output
                .write_all(&[200, 0, 0, 0, 1, 2, 3])
                .expect("the pipe is open");
            output.flush().expect("the pipe is open");
            std::process::exit(0);
        }
        "garbage" => {
            output.write_all(&[0xff; 64]).expect("the pipe is open");
            output.flush().expect("the pipe is open");
            // Nobody reads on: wait to be ended.
            let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        }
        fault => panic!("no fault is called {fault}"),
    }
}
