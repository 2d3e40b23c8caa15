#!/bin/bash
# Builds every fuzz target into $OUT, as OSS-Fuzz and ClusterFuzzLite ask for
# it: with seeds and options, and with what is known beside them, so that only
# what is new counts as a crash. TRAPLINE_ENGINES names the engines to fuzz.
set -euo pipefail

engines=${TRAPLINE_ENGINES:-wasmi}
repository=$SRC/trapline
fuzz=$repository/fuzz

case ${SANITIZER:-address} in
    address) sanitizer=address ;;
    # Coverage builds bring flags of their own.
    coverage | none) sanitizer=none ;;
    *) echo "error: sanitizer $SANITIZER: not supported" >&2 && exit 1 ;;
esac
# Its own libFuzzer, where there is one as a file.
if [[ -f ${LIB_FUZZING_ENGINE:-} ]]; then
    export CUSTOM_LIBFUZZER_PATH=$LIB_FUZZING_ENGINE
fi

# In this folder is the configuration that says what is instrumented.
cd "$fuzz"
seeds=$WORK/seeds
rm -rf "$seeds" "$OUT/known"
mkdir -p "$seeds" "$OUT/known"
env -u RUSTFLAGS cargo run --no-default-features --example seeds -- "$seeds" "$repository/corpus"
cp "$repository"/corpus/bugs.toml "$repository"/corpus/*.wast "$OUT/known/"

host=$(rustc -vV | sed -n 's/^host: //p')
for target in $(cargo fuzz list); do
    cargo fuzz build "$target" --no-default-features --features "$engines,service" \
        --sanitizer "$sanitizer"
    cp "target/$host/release/$target" "$OUT/"
    cp oss-fuzz/target.options "$OUT/$target.options"
    (cd "$seeds" && zip -q -r - .) > "$OUT/${target}_seed_corpus.zip"
done
