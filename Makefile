# The tasks of this house. `make` alone lists them.

.PHONY: help demo test check bench torture

help:
	@echo 'make demo      three dirty feeds become unified events, in this terminal, without a Kafka'
	@echo 'make test      every test, against a real Apache Kafka that the tests start themselves'
	@echo 'make check     formatting, lints and licences'
	@echo 'make bench     one table of figures, against loops written by hand and two other languages (built once, some minutes)'
	@echo 'make torture   fifty kills, a million expressions compared with PostgreSQL, ten minutes of fuzzing'

demo:
	@.ci/setup build
	@cargo build --quiet
	@cargo run --quiet -- demo

test:
	@.ci/setup test
	cargo test --workspace --no-fail-fast

check:
	@.ci/setup build
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null 2>&1; then cargo deny check; \
	else echo 'licences not checked: `cargo install --locked cargo-deny` brings cargo deny'; fi

bench:
	@.ci/setup test
	cargo bench --bench acequia

torture:
	@.ci/setup test
	ACEQUIA_TORTURE_KILLS=50 cargo test --test acequia exactly_once -- --nocapture
	ACEQUIA_TEST_SEED=$$(date +%s) ACEQUIA_ORACLE_EVALUATIONS=1000000 cargo test --test acequia oracle::expressions -- --nocapture
	ACEQUIA_TEST_SEED=$$(date +%s) ACEQUIA_FUZZ_SECONDS=600 cargo test --test acequia oracle::fuzz -- --nocapture
