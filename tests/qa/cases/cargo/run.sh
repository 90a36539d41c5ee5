export CARGO_HOME=/opt/cargo CARGO_TARGET_DIR=/opt/target
cargo test --offline --no-run >/dev/null 2>&1
tool '' cargo test --offline -- --test-threads=1
tool json cargo test --offline --lib -- --test-threads=1 -Z unstable-options --format json
