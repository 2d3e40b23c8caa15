//! Published packages that carry a module, and how a module is got out of one.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::options::scratch;

/// A module in a package of the npm registry, where a version never changes.
pub(super) struct Package {
    /// The name of the package.
    pub(super) name: &'static str,
    /// Which version.
    pub(super) version: &'static str,
    /// The module, in the package.
    pub(super) path: &'static str,
    /// How many bytes it has.
    pub(super) bytes: usize,
    /// From which language, and by what.
    pub(super) made: &'static str,
}

const fn package(
    name: &'static str,
    version: &'static str,
    path: &'static str,
    bytes: usize,
    made: &'static str,
) -> Package {
    Package {
        name,
        version,
        path,
        bytes,
        made,
    }
}

/// Twelve modules of seven compilers.
#[rustfmt::skip]
pub(super) const PACKAGES: [Package; 12] = [
    package("@resvg/resvg-wasm", "2.6.2", "index_bg.wasm", 2_478_606, "Rust, wasm-bindgen"),
    package("@dprint/json", "0.24.0", "plugin.wasm", 636_736, "Rust"),
    package("sql.js", "1.16.0", "dist/sql-wasm.wasm", 688_197, "C, Emscripten"),
    package("@jitl/quickjs-wasmfile-release-sync", "0.32.0", "dist/emscripten-module.wasm", 503_134, "C, Emscripten"),
    package("web-tree-sitter", "0.27.1", "web-tree-sitter.wasm", 210_415, "C, Emscripten, dynamic linking"),
    package("@cornerstonejs/codec-charls", "1.2.7", "dist/charlswasm.wasm", 248_014, "C++, Emscripten, embind"),
    package("@cwasm/jpeg-turbo", "0.1.3", "jpeg-turbo.wasm", 139_151, "C, wasi-sdk"),
    package("md4w", "0.2.7", "js/md4w-fast.wasm", 883_028, "Zig and C"),
    package("@wasm-fmt/gofmt", "0.7.3", "gofmt.wasm", 272_188, "Go, TinyGo"),
    package("sh-syntax", "0.7.0", "main.wasm", 749_132, "Go, TinyGo"),
    package("esbuild-wasm", "0.8.57", "esbuild.wasm", 8_240_200, "Go"),
    package("@fluffylabs/anan-as", "1.2.0", "dist/build/debug.wasm", 209_183, "AssemblyScript"),
];

impl Package {
    /// Name and version, as the registry's client takes them.
    pub(super) fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// The module on disk, below `target/`: fetched if it is not there yet.
    pub(super) fn fetch(&self) -> anyhow::Result<PathBuf> {
        let folder = scratch(&format!("real/{}", self.id().replace('/', "+")))?;
        let name = Path::new(self.path).file_name().context("a file")?;
        let file = folder.join(name);
        if std::fs::metadata(&file).is_ok_and(|found| found.len() == self.bytes as u64) {
            return Ok(file);
        }
        let url = self.url();
        eprintln!("fetching {url}");
        let archive = run("curl", &["-sSfL", "--max-time", "300", &url], b"")?;
        let member = format!("package/{}", self.path);
        let module = run("tar", &["-xzOf", "-", &member], &archive)?;
        if module.len() != self.bytes {
            bail!(
                "{url}: {member} has {} bytes, not {}",
                module.len(),
                self.bytes
            );
        }
        trapline_harness::corpus::write_atomically(&file, &module)
            .map_err(|why| anyhow::anyhow!(why))?;
        Ok(file)
    }

    fn url(&self) -> String {
        let Package { name, version, .. } = self;
        let last = name.rsplit('/').next().unwrap_or(name);
        format!("https://registry.npmjs.org/{name}/-/{last}-{version}.tgz")
    }
}

/// What a program writes that reads `input`.
fn run(program: &str, args: &[&str], input: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{program}: cannot be run"))?;
    let mut stdin = child.stdin.take().context("a pipe")?;
    let output = std::thread::scope(|scope| {
        // A program that has read enough closes its input.
        scope.spawn(move || {
            let _ = stdin.write_all(input);
        });
        child.wait_with_output()
    })?;
    if !output.status.success() {
        bail!("{program} {}: {}", args.join(" "), output.status);
    }
    Ok(output.stdout)
}
