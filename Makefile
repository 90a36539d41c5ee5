# drydock: one non-recursive Makefile.  `make help` lists what there is to ask for.
#
#   VARIANT   names the object directory under build/ (release by default)
#   SAN       sanitizers to compile with, for example SAN=address,undefined
#   PREFIX, DESTDIR   where `make install` puts things

VERSION := 0.1.0
PREFIX ?= /usr/local
CC ?= gcc
SAN ?=
VARIANT ?= $(if $(SAN),san,release)
OBJ := build/$(VARIANT)
comma := ,

ROOMS := base record sandbox graph intent images envprobe qa parity agents security runner

# --- what is linked into what ---------------------------------------------------------------
# drydock-picture compares pictures in the sandbox, and starts as often as that is asked (docs/decisions/0026-pictures.md);
# drydock-parser parses source there for the map (docs/decisions/0068-parser.md).
# drydock-box is built from its own two directories alone; drydock is the front program (no library but
# libc: the archive gives it only the objects it uses); drydock-core is everything.
PICTURE_SRC := $(wildcard qa/picture/*.c)
PARSER_SRC := $(wildcard graph/parser/*.c)
BOX_SRC   := $(wildcard sandbox/box/*.c sandbox/warden/*.c)
FRONT_SRC := $(wildcard runner/front/*.c) runner/cmd_sandbox_run.c runner/sandbox_job.c runner/cli.c runner/cli_help.c \
	runner/cmd_qa_diff.c qa/picture.c qa/png_size.c
CORE_SRC  := $(wildcard runner/*.c)
LIB_SRC   := $(foreach r,$(filter-out runner,$(ROOMS)),$(wildcard $(r)/*.c))
TEST_SRC  := $(foreach r,$(ROOMS),$(wildcard tests/$(r)/test_*.c))
# programs that tests start: servers of ours and the like
TOOL_SRC  := $(foreach r,$(ROOMS) hostile,$(wildcard tests/$(r)/tool_*.c))
# targets of a room for fuzzing, each with the main that the sanitizers ask for: an engine's, or one that plays seeds
FUZZ_SRC  := $(foreach r,$(ROOMS),$(wildcard tests/$(r)/fuzz_*.c))
FUZZ_ENGINE := $(findstring fuzzer,$(SAN))
# what runs only inside the sandbox: static, without a line of ours but attack.h
ATTACK_SRC := $(wildcard tests/hostile/attack_*.c)

# What source is parsed with: fetched by lock file, compiled once for all variants (docs/decisions/0020-tree-sitter.md).
GRAMMARS := build/grammars
GRAMMAR_SRC := $(addsuffix /src/parser,$(addprefix tree-sitter-,bash c c-sharp cpp go java javascript php/php python ruby rust \
	typescript/typescript typescript/tsx)) $(addsuffix /src/scanner,$(addprefix tree-sitter-,bash c-sharp cpp javascript php/php \
	python ruby rust typescript/typescript typescript/tsx)) tree-sitter/vendor/tree-sitter/lib/src/lib
TREE_SITTER := $(GRAMMARS)/src/tree-sitter/vendor/tree-sitter/lib

PKGS := libarchive sqlite3 libgit2 libcurl jansson libpcre2-8 libhs libmicrohttpd libcrypto expat libdeflate yaml-0.1 vterm xcb xcb-xtest xcb-composite
ifneq ($(filter-out deps run check lint format help clean,$(or $(MAKECMDGOALS),all)),)
ifneq ($(shell pkg-config --exists $(PKGS) libseccomp 2>/dev/null && echo yes),yes)
$(error what drydock is built with is not all installed: `make deps` installs it, as root or with sudo)
endif
endif
pkg_cflags := $(shell pkg-config --cflags $(PKGS) libseccomp 2>/dev/null)
# Loaded when they are first used, where the machine's calls are known (docs/decisions/0070-lazy-libraries.md).
LAZY := $(if $(SAN)$(filter-out x86_64%,$(shell $(CC) -dumpmachine)),,archive crypto curl git2 hs microhttpd sqlite3 vterm)
pkg_libs    = $(filter-out $(addprefix -l,$(LAZY)),$(shell pkg-config --libs $(PKGS) libseccomp)) -lm

WARN := -Wall -Wextra -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
	-Wformat=2 -Wnull-dereference -Wimplicit-fallthrough -Wconversion -Wno-sign-conversion \
	-Wpointer-arith -Wundef -Wold-style-definition
HARDEN := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
SAN_FLAGS := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
OPT := $(if $(SAN),-O1 -g,-O2 -g $(HARDEN))
CPPFLAGS += -I. -D_GNU_SOURCE -DDD_VERSION='"$(VERSION)"' $(pkg_cflags)
CFLAGS += -std=gnu11 $(OPT) $(WARN) $(SAN_FLAGS) $(EXTRA_CFLAGS)
LDFLAGS += $(SAN_FLAGS) $(if $(SAN),,-pie -Wl,-z,relro,-z,now) -Wl,--as-needed

# The two programs that every sandbox starts are static and, where musl is there, linked to it: its start does not
# ask the processor what it is, which every virtual machine traps (docs/decisions/0016-small-programs.md).
# musl-gcc compiles for it, but knows no -static-pie: the start files are given to the ordinary compiler.
MUSL := $(if $(SAN),,$(shell command -v musl-gcc))
# What one C library's headers compiled is never linked to the other: each has its directory of objects.
SMALL := $(OBJ)/small-$(if $(MUSL),musl,libc)
ifneq ($(MUSL),)
MULTIARCH := $(shell $(CC) -print-multiarch)
MUSL_LIB := /usr/lib/$(MULTIARCH:gnu=musl)
SMALL_CC := musl-gcc -idirafter /usr/include $(addprefix -idirafter /usr/include/,$(MULTIARCH))
link_small = $(CC) -static-pie -nostdlib -Wl,-z,relro,-z,now -o $@ $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o $^ \
	-L$(MUSL_LIB) -lc -lgcc $(MUSL_LIB)/crtn.o
else
SMALL_CC := $(CC)
link_small = $(CC) $(LDFLAGS) -o $@ $^
endif
SMALL_LIB := $(patsubst %,base/%.c,err fault fs fs_tree io log map own spawn str) \
	$(filter-out sandbox/broker.c,$(wildcard sandbox/*.c))

obj = $(patsubst %.c,$(OBJ)/%.o,$(1))
small = $(patsubst %.c,$(SMALL)/%.o,$(1))
# one a subcommand; tests/runner/cli.t compares with `drydock help`
MAN_PAGES := up probe replay fix resume runs report guide scan explain diff bundle start stop logs shell sandbox-run sandbox-trace image-build image-list image-rm image-import image-export qa-test qa-record qa-impacted qa-compare qa-parity \
	image-pull image-push graph-ingest graph-status graph-find graph-at graph-callers graph-callees graph-impact graph-context graph-tests \
	graph-unused graph-sql graph-export graph-import mcp verify key-init key-show key-rotate qa-diff qa-check qa-approve qa-reject qa-undo qa-decide qa-history gc doctor models trace blame qa-shoot qa-play qa-report qa-crawl graph-search spec docs docs-check cover eval graph-clusters graph-likely plan plan-check plan-approve work pr refine rebase memory-add memory-list memory-why memory-edit memory-forget memory-export \
	version completion man
PROGRAMS := build/drydock build/drydock-core build/drydock-box build/drydock-picture build/drydock-parser
# What holds time and chance still in tests (docs/decisions/0030-steady.md): of machines whose system calls it knows.
ifneq ($(filter x86_64%,$(shell $(CC) -dumpmachine)),)
STEADY := build/drydock-steady.so
endif
ATTACKS := $(patsubst %.c,$(OBJ)/%,$(ATTACK_SRC)) $(OBJ)/tests/hostile/libnss_hostile.so.2
FUZZERS := $(patsubst %.c,$(OBJ)/%,$(FUZZ_SRC))
TESTS := $(patsubst %.c,$(OBJ)/%,$(TEST_SRC) $(TOOL_SRC)) $(FUZZERS) $(ATTACKS)

.DEFAULT_GOAL := all
.PHONY: all deps run check check-unit check-cli lint format install clean help
all: $(PROGRAMS) $(STEADY)
build/drydock-steady.so: qa/inside/steady.c Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -fPIC -fvisibility=hidden -fno-stack-protector -D_GNU_SOURCE $(WARN) -shared -nostdlib -Wl,-z,now -o $@ $<

$(OBJ)/libdrydock.a: $(call obj,$(LIB_SRC)) $(patsubst %,$(OBJ)/lazy/%.o,$(LAZY))
	@rm -f $@
	$(AR) rcs $@ $^

$(OBJ)/tests/base/test_lazy: CPPFLAGS += $(if $(LAZY),-DDD_LAZY)
$(OBJ)/lazy/%.o: tools/lazy.sh Makefile
	@mkdir -p $(@D)
	sh tools/lazy.sh $$($(CC) -print-file-name=lib$*.so) >$(@:.o=.s) && $(CC) -c -o $@ $(@:.o=.s)

# The lists of system calls are compiled to BPF here, so that no exec pays for it.
$(OBJ)/gen_filters: sandbox/box/gen/gen_filters.c sandbox/box/calls.h sandbox/box/filter.h Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< -lseccomp
$(OBJ)/filters.inc: $(OBJ)/gen_filters
	$< >$@.new && mv $@.new $@
$(OBJ)/call_names.inc: $(OBJ)/gen_filters
	$< names >$@.new && mv $@.new $@
$(SMALL)/sandbox/box/filter.o $(OBJ)/tests/sandbox/test_filter: $(OBJ)/filters.inc
$(OBJ)/sandbox/supervisor.o $(SMALL)/sandbox/supervisor.o: $(OBJ)/call_names.inc
$(OBJ)/sandbox/supervisor.o $(OBJ)/tests/sandbox/test_filter: CPPFLAGS += -I$(OBJ)

$(SMALL)/libdrydock.a: $(call small,$(SMALL_LIB))
	@rm -f $@
	$(AR) rcs $@ $^
$(OBJ)/drydock-box: $(call small,$(BOX_SRC))
	$(link_small)
$(OBJ)/drydock: $(call small,$(FRONT_SRC)) $(SMALL)/libdrydock.a
	$(link_small)
$(OBJ)/drydock-core: $(call obj,$(CORE_SRC)) $(OBJ)/libdrydock.a $(GRAMMARS)/libgrammars.a
	$(CC) $(LDFLAGS) -o $@ $^ $(pkg_libs)
# Static, as far as the sanitizers let them: they load no library that they do not need.
link_static = $(CC) $(if $(SAN),$(LDFLAGS),-static-pie -Wl$(comma)-z$(comma)relro$(comma)-z$(comma)now) -o $@ $^
$(OBJ)/drydock-picture: $(call obj,$(PICTURE_SRC)) $(OBJ)/libdrydock.a
	$(link_static) -ldeflate -ljansson -lm
$(OBJ)/drydock-parser: $(call obj,$(PARSER_SRC)) $(OBJ)/libdrydock.a $(GRAMMARS)/libgrammars.a
	$(link_static) -ldeflate -lm
$(PROGRAMS): build/%: $(OBJ)/%
	@ln -f $< $@ 2>/dev/null || cp $< $@

$(SMALL)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(SMALL_CC) -I. -I$(OBJ) -D_GNU_SOURCE -DDD_VERSION='"$(VERSION)"' $(CFLAGS) -MMD -MP -c -o $@ $<
$(OBJ)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Patterns are compiled to Hyperscan's databases here, so that no scan of a log pays for it.
$(OBJ)/gen_patterns: runner/gen/gen_patterns.c $(OBJ)/libdrydock.a Makefile
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(OBJ)/libdrydock.a $(pkg_libs)
$(OBJ)/patterns.bin: $(OBJ)/gen_patterns
	$< >$@.new && mv $@.new $@
$(OBJ)/runner/prepared.o: $(OBJ)/patterns.bin
$(OBJ)/runner/prepared.o: private CFLAGS += -Wa,-I$(OBJ)

# Counts of pixels are compared with those of others, to the last bit.
$(OBJ)/qa/pixels.o: CFLAGS += -ffp-contract=off

$(OBJ)/envprobe/data.o: $(wildcard envprobe/data/*)
$(OBJ)/agents/model.o: agents/models.json $(wildcard agents/guides/*)
$(OBJ)/qa/scripts.o: $(wildcard qa/data/*) build/axe/axe.min.js
# The font of pictures of terminals; docs/decisions/0046-terminals.md.
UNIFONT := /usr/share/unifont/unifont.hex
build/unifont.hex: $(UNIFONT)
	@mkdir -p $(@D)
	cp $< $@
$(OBJ)/qa/terminal_draw.o: build/unifont.hex
$(OBJ)/runner/review.o $(OBJ)/runner/cover.o $(OBJ)/runner/reach.o: $(wildcard runner/data/*)
$(OBJ)/agents/data.o: $(wildcard agents/data/*)
$(OBJ)/security/scan.o: security/data/rules.tsv
$(OBJ)/intent/cases.o: $(wildcard intent/data/*)

$(OBJ)/tests/hostile/attack_%: tests/hostile/attack_%.c Makefile
	@mkdir -p $(@D)
	$(CC) -I. -D_GNU_SOURCE -std=gnu11 -O1 -g $(WARN) $(EXTRA_CFLAGS) -MMD -MP -static -pthread -o $@ $<
$(OBJ)/tests/hostile/%.so.2: tests/hostile/%.c Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O1 $(WARN) $(EXTRA_CFLAGS) -shared -fPIC -o $@ $<

$(OBJ)/tests/%: tests/%.c $(OBJ)/libdrydock.a $(GRAMMARS)/libgrammars.a Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(OBJ)/libdrydock.a $(GRAMMARS)/libgrammars.a $(pkg_libs) $(TEST_LIBS) -lcmocka

# Of the room that is no library: an archive gives a test only what it uses.
$(OBJ)/librunner.a: $(call obj,$(CORE_SRC))
	@rm -f $@
	$(AR) rcs $@ $^
$(OBJ)/tests/runner/test_%: tests/runner/test_%.c $(OBJ)/librunner.a $(OBJ)/libdrydock.a $(GRAMMARS)/libgrammars.a Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(OBJ)/librunner.a $(OBJ)/libdrydock.a $(GRAMMARS)/libgrammars.a $(pkg_libs) -lcmocka
$(OBJ)/tests/runner/test_patterns: private LDFLAGS += -Wl,-u,match_prepared_begin

FUZZ_MAIN := tests/base/fuzzing_$(if $(FUZZ_ENGINE),engine,replay).c
$(FUZZERS): $(OBJ)/%: %.c $(FUZZ_MAIN) $(OBJ)/runner/prepared.o $(OBJ)/libdrydock.a $(GRAMMARS)/libgrammars.a Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) $(if $(FUZZ_ENGINE),-fsanitize=fuzzer) -o $@ $(filter %.c %.o %.a,$^) $(pkg_libs)

# Another reader of PNG, to compare with.
$(OBJ)/tests/qa/%: TEST_LIBS := -lpng

# --- what source is parsed with ------------------------------------------------------------------
$(GRAMMARS)/fetched: graph/grammars/package.json graph/grammars/package-lock.json tools/grammars.sh tools/npm.sh
	sh tools/grammars.sh $(GRAMMARS)
	@touch $@
$(GRAMMARS)/obj/%.o: $(GRAMMARS)/fetched
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -fPIE -w -D_GNU_SOURCE -I$(TREE_SITTER)/include -I$(TREE_SITTER)/src -I$(dir $(GRAMMARS)/src/$*) -c -o $@ $(GRAMMARS)/src/$*.c
$(GRAMMARS)/libgrammars.a: $(GRAMMAR_SRC:%=$(GRAMMARS)/obj/%.o)
	@rm -f $@
	$(AR) rcs $@ $^
$(call obj,$(wildcard graph/*.c)): CPPFLAGS += -I$(TREE_SITTER)/include -isystem $(TREE_SITTER)
$(call obj,$(wildcard graph/*.c)): | $(GRAMMARS)/fetched
$(OBJ)/tests/graph/test_children $(OBJ)/tests/graph/test_pool: private CPPFLAGS += -I$(TREE_SITTER)/include -isystem $(TREE_SITTER)
# Facts that other code drew are drawn anew.
GRAPH_PARTS := $(wildcard graph/*.[ch]) graph/grammars/package-lock.json
$(OBJ)/graph/ingest.o: $(GRAPH_PARTS)
$(OBJ)/graph/ingest.o: CPPFLAGS += -DGRAPH_EXTRACTOR='"$(shell cat $(GRAPH_PARTS) | sha256sum | cut -c 1-16)"'

# --- what pages are judged with ------------------------------------------------------------------
build/axe/axe.min.js: qa/axe/package.json qa/axe/package-lock.json tools/axe.sh tools/npm.sh
	sh tools/axe.sh $(@D)
	@touch $@

-include $(shell find $(OBJ) -name '*.d' -type f 2>/dev/null)

# --- for people --------------------------------------------------------------------------------
deps: ## install the Debian packages of deps.txt that are missing
	@sh tools/deps.sh

run: ## stand up the bundled application, or REPO=path, archive or git URL
	@sh tools/deps.sh
	@$(MAKE) --no-print-directory -j2 all
	@sh tools/run.sh $(if $(REPO),'$(REPO)')

check: ## run all tests; the last line is the tally
	@sh tools/deps.sh
	@$(MAKE) --no-print-directory -j2 all tests
	@sh tests/run.sh

tests: $(TESTS)
.PHONY: tests

bench-standup: all tests ## drydock up over real packages: LIST=FILE or DIR, NAMES="a b", PARTS="up known replay minimal rival resolve", LIMIT=seconds, SAMPLE=N
	@bash tools/bench_standup.sh $(or $(LIST),../shared/corpus/packages.tsv) $(NAMES)
.PHONY: bench-standup

record-samples: all ## record again what real test tools print (tests/qa/cases): NAMES="a b"
	@bash tools/record_samples.sh $(NAMES)
.PHONY: record-samples

bench-services: all tests ## packages whose services need ids of their own, in both privilege modes: NAMES="a b"
	@bash tools/bench_services.sh $(NAMES)
.PHONY: bench-services
# Programs that measure.
BENCH := $(patsubst %.c,$(OBJ)/%,$(wildcard tools/bench/*.c))
$(OBJ)/tools/bench/pod $(OBJ)/tools/bench/queries: $(OBJ)/tools/bench/%: tools/bench/%.c $(OBJ)/libdrydock.a Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(OBJ)/libdrydock.a $(pkg_libs)
# Static: it runs in the image of the browser.
$(OBJ)/tools/bench/roundtrip: tools/bench/roundtrip.c $(OBJ)/libdrydock.a Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -static -o $@ $< $(OBJ)/libdrydock.a -ljansson -lm
$(OBJ)/tools/bench/%: tools/bench/%.c Makefile
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 $(WARN) $(EXTRA_CFLAGS) -MMD -MP -static -o $@ $<

bench-sandbox: all $(BENCH) ## the sandbox beside a floor, bubblewrap, crun, runc, firejail: ROUNDS=n ZLIB=ARCHIVE
	@bash tools/bench_sandbox.sh '$(OBJ)/tools/bench' '$(ROUNDS)' '$(ZLIB)'
.PHONY: bench-sandbox
bench-graph: all $(OBJ)/tests/graph/tool_extract $(OBJ)/tools/bench/queries ## the map: CPU beside parsing alone, size, calls in C against gcc, in Python against call graphs, in others against compilers: PYTHON=DIR JAVA=DIR GO=DIR LARGE=DIR LUA=DIR ZLIB=DIR PYCG=DIR PEER=DIR ORACLES="LANGUAGE:TREE..."
	@bash tools/bench_graph.sh $(OBJ)/tests/graph/tool_extract $(OBJ)/tools/bench/queries
.PHONY: bench-graph
bench-intent: all ## files that real commits changed, from subject and one seed: HISTORY=REPOSITORY COMMITS=n SKIP=n BATCH=n; a plan's execution killed and resumed: KILLS=n; pairs of tasks executed both ways: PAIRS=n MODULES=n; a port against its original: PARITY="all" or names CASES=n TIME=seconds
	@[ -z '$(KILLS)' ] || DD_WORK_KILLS='$(KILLS)' sh tests/agents/work_resume.t
	@[ -z '$(PAIRS)' ] || PAIRS='$(PAIRS)' MODULES='$(MODULES)' bash tools/bench_pairs.sh
	@[ -z '$(PARITY)' ] || bash tools/bench_parity.sh '$(PARITY)' '$(CASES)' '$(TIME)'
	@[ -z '$(HISTORY)' ] || bash tools/bench_intent.sh '$(HISTORY)' '$(or $(COMMITS),120)' '$(or $(SKIP),0)' $(BATCH)
.PHONY: bench-intent
bench-fix: all tests ## calls to a model beside plain curl, fuzzed edits, old C mended by rules, cheats: ROUNDS=n OLD_C="archive..." FILES=n CHEATS=n; programs of others through the stand-in: QUIXBUGS=DIR EXERCISM=DIR PROGRAMS=n SUITE_S=s
	@bash tools/bench_calls.sh '$(OBJ)' '$(ROUNDS)'
	@OLD_C='$(OLD_C)' FILES='$(FILES)' CHEATS='$(CHEATS)' bash tools/bench_fix.sh
	@QUIXBUGS='$(abspath $(QUIXBUGS))' EXERCISM='$(abspath $(EXERCISM))' PROGRAMS='$(PROGRAMS)' SUITE_S='$(SUITE_S)' bash tools/bench_suites.sh
.PHONY: bench-fix
fuzzers: $(FUZZERS)
fuzz: all tests ## mutate what parsers of ours read, by coverage, in the sandbox: NAMES="ROOM/TARGET..." SECONDS=n (of each; 60)
	@sh tools/fuzz.sh '$(NAMES)' '$(SECONDS)'
.PHONY: fuzz fuzzers
bench-flakes: all ## flakes of known causes: how many are named right: REPEATS=n
	@bash tools/bench_flakes.sh $(REPEATS)
.PHONY: bench-flakes
bench-unpack: all ## CPU time of unpacking a layer beside umoci's: ROUNDS=n
	@bash tools/bench_unpack.sh $(ROUNDS)
.PHONY: bench-unpack
bench-qa: all $(BENCH) $(OBJ)/tests/qa/tool_picture ## qa beside its peers: PARTS="diff mutations crawl stills link peer" ROUNDS=n SHOTS=DIR RUNS="RUN..." CAPTURES=n SCENARIOS=n
	@bash tools/bench_qa.sh '$(OBJ)/tools/bench' '$(OBJ)/tests/qa/tool_picture' $(PARTS)
.PHONY: bench-qa
faults: all ## make every call that changes the disk fail in turn, in every way (an hour)
	DD_TEST_TIMEOUT=20000 DD_FAULT_POINTS=all DD_FAULT_READS=all DD_FAULT_COLD=40 DD_FAULT_REPLAYS=all \
		DD_FAULT_REMOVALS=100 DD_FULL_POINTS=1000 sh tests/run.sh runner/faults runner/full_disk runner/damage
.PHONY: faults

lint: ## compile everything with -Werror
	$(MAKE) VARIANT=lint EXTRA_CFLAGS=-Werror all tests

format: ## run clang-format over the tree
	git ls-files '*.c' '*.h' ':!tests/graph/cases' ':!tests/qa/cases' | xargs clang-format -i

install: all ## install under $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/drydock
	install -m 755 build/drydock $(DESTDIR)$(PREFIX)/bin/
	install -m 755 build/drydock-core build/drydock-box build/drydock-picture build/drydock-parser $(STEADY) $(DESTDIR)$(PREFIX)/libexec/drydock/
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	build/drydock man >$(DESTDIR)$(PREFIX)/share/man/man1/drydock.1
	for c in $(MAN_PAGES); do \
		build/drydock man $$(echo $$c | tr - ' ') >$(DESTDIR)$(PREFIX)/share/man/man1/drydock-$$c.1 || exit 1; \
	done
	build/drydock completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/drydock

clean: ## remove what was built
	rm -rf build

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24
