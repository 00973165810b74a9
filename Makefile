# Every line here can also be typed by hand. `make demo` to look at it, `make test` before a commit.

.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test setup tools web web-test build lint rust doc interop browser bench

WEB_SOURCES := $(shell find web/src web/public web/scripts -type f) \
  $(wildcard web/*.html web/*.json web/*.js web/*.ts)

help:
	@echo 'make demo      everything in one process with a sample organization; needs Rust and Node'
	@echo 'make test      all there is to test; brings its tools (Chromium, foreign clients) along'
	@echo 'make build     target/debug/hybridcal, with the web app inside'
	@echo 'make setup     only the tools of the tests below'
	@echo 'make interop   foreign Exchange clients against the program'
	@echo 'make browser   the web app in a real browser'
	@echo 'make bench     figures over real sockets, built for speed; takes some minutes'

demo: web
	cargo run --package hybridcal -- demo

build: web
	@echo '== build'
	cargo build --package hybridcal

test: setup web web-test lint rust doc interop browser
	@echo '== everything passed'

setup:
	@scripts/setup.sh

tools:
	@scripts/setup.sh --build-only

web: tools web/dist/index.html

# Only when something has changed: a new web app means a new program, too.
web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	@echo '== web: build'
	@cd web && npm run --silent build >/dev/null

web/node_modules/.package-lock.json: web/package-lock.json
	@echo '== web: what the build needs'
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web-test: tools web/node_modules/.package-lock.json
	@echo '== web: check and test'
	@cd web && npm run --silent check && npm run --silent test

lint:
	@echo '== format and lints'
	cargo fmt --all --check
	cargo clippy --quiet --workspace --all-targets -- -D warnings

rust:
	@echo '== Rust tests'
	cargo test --quiet --workspace

doc:
	@echo '== documentation'
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet --workspace --no-deps

interop: setup build
	@echo '== interop: foreign clients against the program'
	@node interop/series.mjs
	@node interop/foreign.mjs

browser: setup build
	@echo '== browser: from an invitation to the Join button'
	@node interop/story.mjs

# All parts, or some: make bench BENCH='activate rates'
bench:
	@echo '== bench'
	@scripts/setup.sh --bench || echo 'Going on without exchangelib.'
	cargo bench --package hybridcal --bench figures -- $(BENCH)
