# mmemu - a trace-driven emulator of the Linux memory manager.
# `make help` lists the targets.

CC ?= gcc
B ?= build
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
ALL_CFLAGS = -std=gnu17 $(WARN) -I. -MMD -MP $(CFLAGS)
LIBS := -ledit -lyaml -lzstd -lelf -lpthread -lm
LDFLAGS ?=

RUN_PACKAGES := gcc libc6-dev libyaml-dev libzstd-dev libelf-dev libedit-dev
TEST_PACKAGES := $(RUN_PACKAGES) libcriterion-dev zstd python3 parallel \
	gnuplot-nox librsvg2-bin fonts-noto-cjk chromium chromium-driver \
	python3-selenium
STORY := traces/lecture/cow.trace
RECORDING := traces/recorded/sort.trace.zst
ORACLE ?= ../shared/oracle

PROFILES := $(sort $(wildcard traces/machines/*.yaml))
TLB_MODELS := $(sort $(wildcard traces/tlb/*.yaml))
LIB_SRC := $(wildcard core/*.c trace/*.c formats/*.c)
CMD_SRC := $(wildcard cmd/*.c)
TEST_SRC := $(wildcard tests/*.c tests/core/*.c tests/trace/*.c \
	tests/formats/*.c tests/cmd/*.c)
ALONE_SRC := $(wildcard tests/alone/*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)
PLAYER_PAGE := $(addprefix formats/player/,page.html style.css text.js state.js \
	view.js trace.js spaces.js tables.js frames.js lists.js main.js)
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o) $(B)/formats/player_page.o
CMD_OBJ := $(CMD_SRC:%.c=$(B)/%.o) $(B)/cmd/profiles.o $(B)/cmd/tlb_models.o
TEST_OBJ := $(TEST_SRC:%.c=$(B)/%.o)
ALONE_OBJ := $(ALONE_SRC:%.c=$(B)/%.o)
BENCH := $(BENCH_SRC:%.c=$(B)/%)

## all: build the program, $(B)/mmemu
all: $(B)/mmemu

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@

$(B)/libmmemu.a: $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(B)/mmemu: $(CMD_OBJ) $(B)/libmmemu.a
	$(CC) $(ALL_CFLAGS) $^ -o $@ $(LDFLAGS) $(LIBS)

$(B)/tests/run: $(TEST_OBJ) $(filter-out $(B)/cmd/main.o,$(CMD_OBJ)) \
		$(B)/libmmemu.a
	$(CC) $(ALL_CFLAGS) $^ -o $@ $(LDFLAGS) -lcriterion $(LIBS)

# The same tests without libcriterion, and tests that must fail.
$(B)/tests/alone/modules: $(B)/tests/alone/runner.o $(TEST_OBJ) \
		$(filter-out $(B)/cmd/main.o,$(CMD_OBJ)) $(B)/libmmemu.a
	$(CC) $(ALL_CFLAGS) $^ -o $@ $(LDFLAGS) $(LIBS)

$(B)/tests/alone/control: $(B)/tests/alone/runner.o $(B)/tests/alone/control.o
	$(CC) $(ALL_CFLAGS) $^ -o $@ $(LDFLAGS)

$(B)/tests/random: $(B)/tests/property/random.o $(B)/libmmemu.a
	$(CC) $(ALL_CFLAGS) $^ -o $@ $(LDFLAGS) $(LIBS)

$(B)/tests/inject/fail.so: tests/inject/fail.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIC -shared $< -o $@

# Fuzz targets: run-X with a plain driver, fuzz-X with clang's libFuzzer.
IMPORTERS := lackey strace perf kmem din csv champsim dynamorio
FUZZ := text binary replay config scenario state elf $(IMPORTERS:%=import-%)
FUZZ_RUNS := $(FUZZ:%=$(B)/tests/fuzz/run-%)
FUZZ_COMMON := $(B)/tests/fuzz/file.o $(filter-out $(B)/cmd/main.o,$(CMD_OBJ)) \
	$(B)/libmmemu.a

$(B)/tests/fuzz/run-import-%: $(B)/tests/fuzz/import.o \
		$(B)/tests/fuzz/driver.o $(FUZZ_COMMON)
	$(CC) $(ALL_CFLAGS) $^ -o $@ $(LDFLAGS) $(LIBS)

$(B)/tests/fuzz/run-%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/driver.o \
		$(FUZZ_COMMON)
	$(CC) $(ALL_CFLAGS) $^ -o $@ $(LDFLAGS) $(LIBS)

$(B)/tests/fuzz/fuzz-import-%: $(B)/tests/fuzz/import.o \
		$(B)/tests/fuzz/engine.o $(FUZZ_COMMON)
	$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $^ -o $@ $(LDFLAGS) $(LIBS)

$(B)/tests/fuzz/fuzz-%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/engine.o \
		$(FUZZ_COMMON)
	$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer $^ -o $@ $(LDFLAGS) $(LIBS)

$(BENCH): $(B)/%: $(B)/%.o $(B)/libmmemu.a
	$(CC) $(ALL_CFLAGS) $^ -o $@ $(LDFLAGS) $(LIBS)

# Each profile becomes one string of the program.
$(B)/cmd/profiles.c: $(PROFILES) cmd/profiles.sh
	@mkdir -p $(@D)
	sh cmd/profiles.sh profiles $(PROFILES) > $@.tmp && mv $@.tmp $@

$(B)/cmd/tlb_models.c: $(TLB_MODELS) cmd/profiles.sh
	@mkdir -p $(@D)
	sh cmd/profiles.sh tlb_models $(TLB_MODELS) > $@.tmp && mv $@.tmp $@

# The player's page, its style and scripts put in, as strings.
$(B)/formats/player_page.c: $(PLAYER_PAGE) formats/player/embed.sh
	@mkdir -p $(@D)
	sh formats/player/embed.sh $(PLAYER_PAGE) > $@.tmp && mv $@.tmp $@

$(B)/cmd/profiles.o $(B)/cmd/tlb_models.o $(B)/formats/player_page.o: %.o: %.c
	$(CC) $(ALL_CFLAGS) -c $< -o $@

## run: build, replay a story and a recorded program, show their reports
run: need-run
	@$(MAKE) --no-print-directory all
	@echo "== $(STORY): a story from the lecture"
	$(B)/mmemu replay $(STORY) --check=1 --stats
	@echo "== $(RECORDING): a recorded program"
	$(B)/mmemu replay $(RECORDING) --stats --at last -r buddyinfo \
		-r slabinfo -r maps=100

## test: every test (installs missing Debian packages when it can)
test: need-test
	@$(MAKE) --no-print-directory all $(B)/tests/run $(B)/tests/random \
		$(FUZZ_RUNS) $(B)/tests/inject/fail.so
	@B=$(B) ORACLE=$(ORACLE) sh tests/run.sh all

## check: the quick part of test: modules and command line
check: $(B)/mmemu $(B)/tests/run $(B)/tests/random $(FUZZ_RUNS) \
		$(B)/tests/inject/fail.so
	@B=$(B) ORACLE=$(ORACLE) sh tests/run.sh quick

RANDOM_TRACES ?= 10000
RANDOM_FROM ?= 0
## random: random traces against models (RANDOM_TRACES=, RANDOM_FROM=)
random: $(B)/mmemu $(B)/tests/random
	B=$(B) $(B)/tests/random --from $(RANDOM_FROM) --count $(RANDOM_TRACES)

FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?= $(FUZZ)
FUZZ_CFLAGS := -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=all \
	-fsanitize=fuzzer-no-link,address,undefined
## fuzz: libFuzzer on every reader (FUZZ_SECONDS=, FUZZ_TARGETS=; needs clang)
fuzz:
	@sh .ci/need clang
	@$(MAKE) --no-print-directory CC=clang B=$(B)/fuzz \
		CFLAGS="$(FUZZ_CFLAGS)" \
		$(FUZZ_TARGETS:%=$(B)/fuzz/tests/fuzz/fuzz-%)
	@B=$(B)/fuzz sh tests/fuzz/fuzz.sh $(FUZZ_SECONDS) $(FUZZ_TARGETS)

MUTATIONS ?= 200
MUTATION_SEED ?= 1
## mutation: small faults in core/, which of them the tests find (MUTATIONS=)
mutation: need-test
	@python3 tests/mutation/mutate.py --count $(MUTATIONS) \
		--seed $(MUTATION_SEED)

## lecture: run the commands of docs/lecture/, rewrite its pages and figures
lecture: $(B)/mmemu
	@sh .ci/need python3 gnuplot-nox
	@B=$(B) python3 docs/lecture/lecture.py

## contact-sheet: every kind of figure on docs/lecture/contact-sheet.png
contact-sheet: $(B)/mmemu
	@sh .ci/need python3 gnuplot-nox librsvg2-bin fonts-liberation fonts-dejavu-core
	@B=$(B) python3 docs/lecture/lecture.py --sheet

## conformance: compare with what a real 3.12 kernel answered
conformance: $(B)/mmemu
	@sh .ci/need python3 zstd
	@B=$(B) ORACLE=$(ORACLE) python3 tests/conformance.py

SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
## asan: the quick tests under AddressSanitizer, LeakSanitizer and UBSan
asan: need-test
	@$(MAKE) --no-print-directory B=$(B)/asan CFLAGS="$(SANITIZE)" \
		$(B)/asan/mmemu $(B)/asan/tests/random \
		$(B)/asan/tests/alone/modules \
		$(B)/asan/tests/alone/control \
		$(FUZZ:%=$(B)/asan/tests/fuzz/run-%)
	@B=$(B)/asan ORACLE=$(ORACLE) sh tests/run.sh asan

COVERAGE := -O0 -g --coverage -fprofile-update=atomic
## coverage: lines of core/, trace/ and formats/ that the quick tests run
coverage: need-test
	@sh .ci/need gcovr
	@$(MAKE) --no-print-directory B=$(B)/coverage CFLAGS="$(COVERAGE)" \
		$(B)/coverage/mmemu $(B)/coverage/tests/run \
		$(B)/coverage/tests/random \
		$(FUZZ:%=$(B)/coverage/tests/fuzz/run-%)
	@find $(B)/coverage -name '*.gcda' -delete
	@B=$(B)/coverage ORACLE=$(ORACLE) sh tests/run.sh coverage
	@gcovr --root . $(B)/coverage --filter 'core/' --filter 'trace/' \
		--filter 'formats/' --json $(B)/coverage/lines.json
	@python3 tests/coverage.py $(B)/coverage/lines.json

## valgrind: the module tests under memcheck
valgrind: need-test
	@sh .ci/need valgrind
	@$(MAKE) --no-print-directory $(B)/tests/alone/modules \
		$(B)/tests/alone/control
	@B=$(B) sh tests/run.sh valgrind

## bench: ratios against a baseline in the same run (BENCH_LONG=1e9)
bench: $(B)/mmemu $(BENCH)
	@$(B)/mmemu convert $(RECORDING) $(B)/recording.mmt
	@for b in $(BENCH); do \
		echo "== $$b"; RECORDING=$(B)/recording.mmt $$b || exit 1; done
	@B=$(B) sh tests/bench/sweep.sh

## recording: record a program of at least 10 million accesses
recording: $(B)/mmemu
	@sh .ci/need valgrind gcc-multilib
	@B=$(B) sh traces/recorded/record.sh

## format: run clang-format over the sources
format:
	clang-format -i $(wildcard core/*.[ch] trace/*.[ch] formats/*.[ch] \
		cmd/*.[ch] tests/*.[ch] tests/*/*.[ch])

## install: into $(PREFIX) (PREFIX=, DESTDIR=)
install: $(B)/mmemu
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/mmemu
	install $(B)/mmemu $(DESTDIR)$(PREFIX)/bin/mmemu
	cp -r traces $(DESTDIR)$(PREFIX)/share/mmemu/

## clean: remove $(B)
clean:
	rm -rf $(B)

## help: this list
help:
	@sed -n 's/^## //p' Makefile | sed 's/\$$(B)/$(B)/; s/\$$(PREFIX)/the prefix/'

need-run:
	@sh .ci/need $(RUN_PACKAGES)

need-test:
	@sh .ci/need $(TEST_PACKAGES)

.PHONY: all run test check random fuzz mutation lecture contact-sheet \
	conformance asan coverage valgrind bench recording format \
	install clean help need-run need-test
.SECONDARY:
.DELETE_ON_ERROR:
-include $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d) $(TEST_OBJ:.o=.d) \
	$(ALONE_OBJ:.o=.d) $(BENCH:%=%.d) \
	$(B)/tests/property/random.d $(wildcard $(B)/tests/fuzz/*.d)
