# Wellfield: one plain Makefile. `make help` lists the targets.

include tools/rooms.mk
ROOMS := $(FLOOR0) $(FLOOR1) $(FLOOR2) $(FLOOR3) $(FLOOR4) $(FLOOR5)

CC ?= cc
BUILD ?= build
SANITIZER ?=
PKGS := libmicrohttpd libcrypto libsodium sqlite3 libpq glib-2.0 libutf8proc libzstd libxxhash zlib libarchive xlsxwriter libzip expat libhs

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
        -Wwrite-strings -Wpointer-arith -Wcast-qual -Wformat=2 -Wundef -fno-common $(if $(WERROR),-Werror)
HARDEN := -fstack-protector-strong -fPIE $(if $(SANITIZER),,-D_FORTIFY_SOURCE=2)
empty :=
space := $(empty) $(empty)
comma := ,
ifneq ($(SANITIZER),)
SAN := -fsanitize=$(SANITIZER) -fno-omit-frame-pointer -fno-sanitize-recover=all -DWF_SANITIZED=1
OUT := $(BUILD)/$(subst $(comma),-,$(SANITIZER))
else
OUT := $(BUILD)
endif
OPT ?= -O2
# `make V=1` shows the commands whole.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $@)
JOBS ?= $(shell nproc)
CFLAGS_PKG = $(shell pkg-config --cflags $(PKGS) 2>/dev/null | sed 's/-I/-isystem /g')
# Tests alone: cmocka, and json-c as the peer of our JSON.
TEST_LIBS = -lcmocka $(shell pkg-config --libs json-c 2>/dev/null)
LIBS_PKG = $(shell pkg-config --libs $(PKGS) 2>/dev/null)
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -g $(OPT) $(WARN) $(HARDEN) $(SAN) -Isrc $(CFLAGS_PKG) $(CFLAGS)
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now $(SAN) $(LDFLAGS)
# CRoaring has no .pc file.
LIBS_ALL = $(LIBS_PKG) -lroaring -lm -lpthread

SRC := $(foreach r,$(ROOMS),$(sort $(wildcard src/$(r)/*.c)))
OBJ := $(SRC:src/%.c=$(OUT)/obj/%.o)
# One archive a room: a room's unit tests link only what lies on its own floor and below.
libs = $(foreach r,$(1),$(if $(wildcard src/$(r)/*.c),$(OUT)/lib$(r).a))
BELOW_base := base
BELOW_sql := sql base
BELOW_eventlog := eventlog base
BELOW_expr := expr base
BELOW_http := http base
BELOW_brand := brand $(FLOOR1) base
BELOW_people := people $(BELOW_brand)
BELOW_insight := insight $(BELOW_people)
BELOW_scores := scores $(BELOW_insight)
BELOW_segments := segments $(BELOW_scores)
BELOW_groups := groups $(BELOW_segments)
BELOW_moderation := moderation $(BELOW_groups)
BELOW_today := today $(BELOW_moderation)
BELOW_saved := saved $(BELOW_today)
BELOW_account := account $(BELOW_saved)
BELOW_intake := intake $(BELOW_account)
BELOW_api := api $(BELOW_intake)
BELOW_main := $(BELOW_api)

C_FILES = $(wildcard src/*/*.[ch] tests/unit/*/*.[ch] tests/unit/*.h tests/model/*.c fuzz/*.[ch] bench/*.[ch])
UNIT_SRC := $(sort $(wildcard tests/unit/*/*_test.c))
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(OUT)/unit/%)

.PHONY: all help run check check-long test unit fmt fmt-check tidy layers banned bench fuzz install clean stats
# The packages first: only then can pkg-config answer, so the build is a make of its own.
all:
	@tools/deps build $(if $(filter 0,$(CONSOLE)),,node)
	@$(if $(filter 0,$(CONSOLE)),:,tools/console)
	@$(MAKE) --no-print-directory -j$(JOBS) $(OUT)/wellfield

$(OUT)/wellfield: $(OUT)/obj/main/main.o $(call libs,main $(BELOW_main))
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_ALL)

$(OUT)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# The console's files, as console/dist has them now, become a part of the room api.
CONSOLE ?= 1
GEN := $(OUT)/gen
DIST := $(if $(filter 0,$(CONSOLE)),,console/dist)
$(GEN)/assets.c: FORCE
	@tools/embed "$(DIST)" $(GEN)/assets_data.S $@
$(GEN)/assets_data.S: $(GEN)/assets.c ;
$(OUT)/obj/api/gen/%.o: $(GEN)/%.c
	@mkdir -p $(@D)
	$(call say,cc)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<
$(OUT)/obj/api/gen/%.o: $(GEN)/%.S
	@mkdir -p $(@D)
	$(call say,as)
	$(Q)$(CC) -c -o $@ $<
GENERATED_api := $(OUT)/obj/api/gen/assets.o $(OUT)/obj/api/gen/assets_data.o
.PHONY: FORCE

define room_lib
$(OUT)/lib$(1).a: $(filter-out $(OUT)/obj/main/main.o,$(patsubst src/%.c,$(OUT)/obj/%.o,$(wildcard src/$(1)/*.c))) $(GENERATED_$(1))
	@rm -f $$@
	@ar rcs $$@ $$^
unit-$(1): $(filter $(OUT)/unit/$(1)/%,$(UNIT_BIN))
	@tools/run-unit $$^
.PHONY: unit-$(1)
$(filter $(OUT)/unit/$(1)/%,$(UNIT_BIN)): $(OUT)/unit/$(1)/%: tests/unit/$(1)/%.c $(call libs,$(1) $(BELOW_$(1))) $(wildcard tests/unit/*.h)
	@mkdir -p $$(@D)
	$$(call say,test)
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$(shell pkg-config --cflags json-c 2>/dev/null) -Itests/unit -MMD -MP -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LDFLAGS_ALL) $$(LIBS_ALL) $$(TEST_LIBS)
endef
$(foreach r,$(ROOMS),$(eval $(call room_lib,$(r))))

# The passwords that nobody may choose: a list of Debian's, compiled in.
PASSWORDS := /usr/share/john/password.lst
$(OUT)/gen/common_list.c: tools/common-passwords $(PASSWORDS)
	@mkdir -p $(@D)
	$(call say,list)
	$(Q)tools/common-passwords $(PASSWORDS) >$@.tmp && mv $@.tmp $@
$(OUT)/gen/common_list.o: $(OUT)/gen/common_list.c src/account/common.h
	$(call say,cc)
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<
$(OUT)/libaccount.a: $(OUT)/gen/common_list.o

# And a brand that tests/model/ speaks to.
MODEL_DRIVER := $(OUT)/model/driver
unit-programs: $(UNIT_BIN) $(MODEL_DRIVER)
.PHONY: unit-programs

$(MODEL_DRIVER): tests/model/driver.c $(call libs,segments $(BELOW_segments)) $(wildcard tests/unit/*.h)
	@mkdir -p $(@D)
	$(call say,test)
	$(Q)$(CC) $(CFLAGS_ALL) -Itests/unit -MMD -MP -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS_ALL) $(LIBS_ALL) $(TEST_LIBS)
unit: $(UNIT_BIN)
	@tools/run-unit $(UNIT_BIN)
# Those that store something, once more on PostgreSQL: what they include says which they are.
unit-postgres: $(UNIT_BIN)
	@WF_STORE=postgresql tools/with-postgres tools/run-unit \
	    $$(grep -l '/engine\.h' $(UNIT_BIN:=.d) | sed 's/\.d$$//')
.PHONY: unit-postgres

# ---- what a person types ----

help:
	@printf '%s\n' \
	'make            build $(BUILD)/wellfield' \
	'make CONSOLE=0  the same without the web console (no Node.js needed)' \
	'make run        a server with a simulated brand, and the URL to open' \
	'make test       unit and text tests, fuzz corpora: under 90 s' \
	'make check      everything CI runs' \
	'make check-long the same with the long settings, before a release' \
	'make fmt tidy layers banned   style: format, lint, includes, forbidden calls' \
	'make fuzz T=csv SECONDS=60    one fuzz target under libFuzzer and ASan; T=all for each' \
	'make fuzz T=csv RUNS=1000000 FUZZ_JOBS=2   as many executions, by two processes' \
	'make fuzz-api SECONDS=120     every route at random, by the OpenAPI file' \
	'make screenshots   every screen of the console, as pictures in build/screenshots' \
	'make openapi    write docs/openapi.json, which the console is typed by, anew from the routes' \
	'make bench      what comes in, measured beside named peers; writes bench/RESULTS.md' \
	'make bench-segments   segments under load, beside PostgreSQL (WF_BENCH_EVENTS=N)' \
	'make eval-replies   inferred replies beside links made by hand' \
	'make bench-groups   messages with text coming into groups, beside PostgreSQL' \
	'make bench-moderation   a message against 20,000 terms, beside mint-filter and SQLite' \
	'make bench-peers   the questions beside DuckDB, ClickHouse, SQLite (WF_BENCH_EVENTS=N)' \
	'make SANITIZER=address,undefined unit   the unit tests under a sanitizer (thread too)' \
	'make unit-postgres   those that store something, on a throw-away PostgreSQL' \
	'make install PREFIX=/usr/local   the binary and its documents' \
	'make stats      longest functions and files' \
	'make V=1 …      the same with every command shown' \
	'make clean'

run: all
	@tools/run-demo $(OUT)/wellfield

test: all
	@tools/deps build check
	@$(MAKE) --no-print-directory -s -j$(JOBS) unit-programs
	@tools/suites $(OUT) fast

check:
	@tools/check

check-long:
	@WF_LONG=1 tools/check

fmt:
	@clang-format-14 -i $(C_FILES)
fmt-check:
	@clang-format-14 --dry-run -Werror $(C_FILES)
layers:
	@tools/layers
banned:
	@tools/banned
tidy:
	@tools/tidy $(SRC)
stats:
	@tools/stats

fuzz-libs: $(foreach r,$(filter-out main,$(ROOMS)),$(call libs,$(r)))
.PHONY: fuzz-libs
fuzz:
	@tools/fuzz "$(or $(T),all)" "$(if $(RUNS),runs=$(RUNS),$(or $(SECONDS),60))" "$(or $(FUZZ_JOBS),1)"
fuzz-api: all
	@WELLFIELD=$(CURDIR)/$(OUT)/wellfield WF_FUZZ_API_SECONDS=$(or $(SECONDS),120) python3 tests/http/openapi_fuzz_test.py
.PHONY: fuzz-api
bench: all
	@tools/deps build bench
	@$(MAKE) --no-print-directory $(HEALTH)
	@bench/run $(OUT)/wellfield
bench-peers: all
	@tools/deps build bench node
	@bench/peers $(OUT)/wellfield
bench-segments: all
	@tools/deps build bench
	@bench/segments $(OUT)/wellfield
bench-groups: all
	@tools/deps build bench
	@bench/groups $(OUT)/wellfield
.PHONY: bench-groups
# How long it takes to look at a busy group.
HEALTH := $(OUT)/bench/health
$(HEALTH): bench/health.c $(call libs,groups $(BELOW_groups))
	@mkdir -p $(@D)
	$(call say,link)
	$(Q)$(CC) $(CFLAGS_ALL) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS_ALL) $(LIBS_ALL)
bench-health: $(HEALTH)
	@$(HEALTH)
.PHONY: bench-health

# Inferred replies beside links made by hand.
REPLIES := $(OUT)/bench/replies
$(REPLIES): bench/replies.c $(call libs,intake $(BELOW_intake))
	@mkdir -p $(@D)
	$(call say,link)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS_ALL) $(LIBS_ALL)
eval-replies: $(REPLIES)
	@bench/replies.py --gate $(REPLIES)
# Judging a message, beside others that look for the same terms.
JUDGING := $(OUT)/bench/moderation
$(JUDGING): bench/moderation.c $(call libs,moderation $(BELOW_moderation))
	@mkdir -p $(@D)
	$(call say,link)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDFLAGS_ALL) $(LIBS_ALL)
bench-moderation:
	@tools/deps build bench node
	@$(MAKE) --no-print-directory -s -j$(JOBS) $(JUDGING)
	@bench/moderation.py --gate $(JUDGING)
.PHONY: bench-peers bench-segments bench-moderation eval-replies

screenshots: all
	@tools/deps build check node
	@mkdir -p build/screenshots
	@for suite in $(if $(CONSOLE_ONLY),,$(filter-out %/console_test.py,$(wildcard tests/console/*_test.py))) 'tests/console/console_test.py test_pictures'; do \
	    CONSOLE_SHOTS=$(CURDIR)/build/screenshots WELLFIELD=$(CURDIR)/$(OUT)/wellfield python3 $$suite || exit 1; done
.PHONY: screenshots

# The console's client is made from this file, so the program comes first, without the console.
openapi:
	@$(MAKE) --no-print-directory CONSOLE=0 all
	@WF_WRITE_OPENAPI=1 WELLFIELD=$(CURDIR)/$(OUT)/wellfield python3 tests/http/openapi_test.py test_the_file_in_docs_is_this_document
.PHONY: openapi

PREFIX ?= /usr/local
install: all
	install -D -m 755 $(OUT)/wellfield $(DESTDIR)$(PREFIX)/bin/wellfield
	install -d $(DESTDIR)$(PREFIX)/share/doc/wellfield
	cp -r README.md README.zh-CN.md docs $(DESTDIR)$(PREFIX)/share/doc/wellfield/

clean:
	rm -rf $(BUILD)

-include $(OBJ:.o=.d) $(GENERATED_api:.o=.d) $(UNIT_BIN:=.d) $(MODEL_DRIVER).d
