# Every line here can also be typed by hand. `make demo` to look at it, `make test` before a commit.

.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test setup tools web web-test build lint rust postgres doc interop browser kerberos pkcs11 bench fuzz

WEB_SOURCES := $(shell find web/src web/public web/scripts -type f) \
  $(wildcard web/*.html web/*.json web/*.js web/*.ts)

help:
	@echo 'make demo      everything in one process with a sample organization; needs Rust and Node'
	@echo 'make test      all there is to test; brings its tools (Chromium, foreign clients) along'
	@echo 'make build     target/debug/hybridcal, with the web app inside'
	@echo 'make postgres  the tests of what is stored once more, on a PostgreSQL server of their own'
	@echo 'make setup     only the tools of the tests below'
	@echo 'make interop   foreign clients and a foreign validator against the program'
	@echo 'make browser   the web app and a video call in a real browser'
	@echo 'make kerberos  signing in by Kerberos, with a realm of its own on loopback; needs what docs/testing.md names'
	@echo 'make pkcs11    the master key on a token made of software; needs softhsm2'
	@echo 'make fuzz      every fuzzer for FUZZ_SECONDS=60 each; brings cargo-fuzz along'
	@echo 'make bench     figures over real sockets, built for speed; takes some minutes'

demo: web
	cargo run --package hybridcal -- demo

build: web
	@echo '== build'
	cargo build --package hybridcal

test: setup web web-test lint rust postgres doc interop browser
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

# The parts of whole-system tests that a database has a say in; the others have theirs in memory.
ON_POSTGRES := invitation nodes restored retention outages crashes::again crashes::a_second presence
postgres: setup
	@echo '== on PostgreSQL: the stores, whole installations, and clouds that are killed'
	scripts/with-postgres.sh sh -c 'cargo test --quiet --package cloud --package kms --lib && \
	  cargo test --quiet --package hybridcal --test killed && \
	  cargo test --quiet --package hybridcal --test it -- $(ON_POSTGRES)'

doc:
	@echo '== documentation'
	RUSTDOCFLAGS='-D warnings' cargo doc --quiet --workspace --no-deps

interop: setup build
	@echo '== interop: foreign clients against the program'
	@node interop/signatures.mjs
	@node interop/series.mjs
	@node interop/foreign.mjs
	@node interop/kms.mjs
	@cargo build --quiet --package hybridcal --example webex
	@node interop/webex.mjs
	@echo '== interop: words that must be nowhere'
	@scripts/with-postgres.sh node interop/canary.mjs

browser: setup build
	@echo '== browser: from an invitation to the Join button'
	@node interop/story.mjs
	@echo '== browser: signing in at a foreign provider'
	@node interop/sign-in.mjs
	@echo '== browser: a real call'
	@node interop/janus.mjs

# Not part of `make test`: the default build needs none of these libraries.
kerberos:
	@for program in kdb5_util krb5kdc kadmin.local; do \
	  PATH="$$PATH:/usr/sbin:/sbin" command -v $$program >/dev/null || { \
	    echo 'Kerberos is missing. On Debian: apt-get install libkrb5-dev libclang-dev krb5-kdc krb5-admin-server krb5-user' >&2; \
	    exit 1; }; \
	done
	@echo '== Kerberos: lints and tests'
	cargo clippy --quiet --package connector --package exchange-sim --package hybridcal \
	  --features hybridcal/kerberos --all-targets -- -D warnings
	cargo test --quiet --package connector --features kerberos kerberos
	cargo test --quiet --package hybridcal --features kerberos --test kerberos

# Not part of `make test` either. Tokens lie in a folder of ours, whatever the system's setting says.
pkcs11:
	@test -e /usr/lib/softhsm/libsofthsm2.so || { \
	  echo 'SoftHSM is missing. On Debian: apt-get install softhsm2' >&2; exit 1; }
	@rm -rf target/softhsm && mkdir -p target/softhsm/tokens
	@echo "directories.tokendir = $$PWD/target/softhsm/tokens" > target/softhsm/softhsm2.conf
	@echo '== PKCS#11: lints and tests'
	cargo clippy --quiet --package kms --features pkcs11 --all-targets -- -D warnings
	SOFTHSM2_CONF=$$PWD/target/softhsm/softhsm2.conf \
	  cargo test --quiet --package kms --features pkcs11 pkcs11

# Sanitizers are not stable yet; this lets the pinned compiler have them. A finding lies in fuzz/artifacts.
FUZZ_SECONDS ?= 60
fuzz:
	@test -x target/tools/bin/cargo-fuzz || cargo install --quiet --locked cargo-fuzz --root target/tools
	@for target in $$(ls fuzz/seeds); do \
	  echo "== fuzz: $$target"; mkdir -p fuzz/corpus/$$target; \
	  RUSTC_BOOTSTRAP=1 PATH="$$PWD/target/tools/bin:$$PATH" cargo fuzz run --fuzz-dir fuzz $$target \
	    fuzz/corpus/$$target fuzz/seeds/$$target -- -max_total_time=$(FUZZ_SECONDS) \
	    -max_len=65536 -timeout=10 -rss_limit_mb=2048 || exit 1; \
	done

# All parts, or some: make bench BENCH='activate rates'
bench:
	@echo '== bench'
	@scripts/setup.sh --bench || echo 'Going on without exchangelib.'
	@with=''; scripts/with-postgres.sh --find >/dev/null 2>&1 && with=scripts/with-postgres.sh; \
	  POSTGRES_SETTINGS='fsync = on' $$with cargo bench --package hybridcal --bench figures -- $(BENCH)
