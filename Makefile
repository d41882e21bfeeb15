# One Makefile, no recursion: each folder below is a module and every .c file
# in it belongs to the program, except those named in TOOLS and OPTIONAL.
# `make help` lists the targets.

BUILD ?= build
MODULES = util softmmu cpu cpu/fp cpu/ir cpu/jit cpu/jit/x64 cpu/arm block \
    block/nbd net hw/core hw/intc hw/char hw/rtc hw/gpio hw/misc hw/flash hw/pci \
    hw/scsi hw/virtio hw/arm ui pc-bios

# Programs of the build itself: never part of the emulator.
TOOLS = $(sort $(wildcard cpu/arm/decodegen*.c))

# Files that need an optional library, left out when configure has none.
WITHOUT = $(if $(CONFIG_SLIRP),,net/slirp.c tests/unit/test_slirp.c) \
    $(if $(CONFIG_SDL),,ui/display_sdl.c) \
    $(if $(CONFIG_IO_URING),,block/io_uring.c)

# Flags of single objects: CFLAGS-path/file.o = ...  Generated code calls these
# with guest values in the host's vector registers, so they use none.
NO_VECTORS = $(wildcard cpu/fp/*.c cpu/ir/vec_*.c cpu/ir/fp_ops.c \
    cpu/ir/aes_ops.c cpu/arm/helper_*.c cpu/arm/exception*.c \
    cpu/arm/levels.c cpu/arm/route.c \
    cpu/arm/pauth.c cpu/arm/qarma.c)
$(foreach f,$(NO_VECTORS),$(eval CFLAGS-$(f:.c=.o) = -mgeneral-regs-only))

# Use the machine, unless told otherwise.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all run check lint bench bench-translate isa-report install-demo format install clean distclean help
all:

# Let configure choose the compiler; make's own default is "cc".
ifeq ($(origin CC),default)
CC =
endif
ifneq ($(filter-out help clean distclean lint check-lint,$(or \
    $(MAKECMDGOALS),all)),)
include $(BUILD)/config.mk
endif
$(BUILD)/config.mk: configure
	@./configure --build-dir=$(BUILD) $(CONFIGURE_ARGS)
$(BUILD)/config.h: $(BUILD)/config.mk ;

ifeq ($(V),1)
say = @:
Q =
else
say = @printf '  %-5s %s\n'
Q = @
endif

ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -fno-strict-aliasing \
    $(OPT) -pthread -I. -I$(BUILD)/gen -include $(BUILD)/config.h \
    $(LIBS_CFLAGS) $(USER_CFLAGS)
ALL_LDFLAGS = -pthread $(OPT) -Wl,--as-needed,--build-id $(USER_LDFLAGS)
ALL_LIBS = $(LIBS) -lm

SOURCES = $(filter-out $(TOOLS) $(WITHOUT), \
    $(sort $(foreach m,$(MODULES),$(wildcard $(m)/*.c))))
OBJECTS = $(SOURCES:%.c=$(BUILD)/%.o)
MAIN = $(BUILD)/ui/main.o
LIBRARY = $(BUILD)/libarmature.a

all: $(BUILD)/armature $(BUILD)/armature-img $(BUILD)/armature-nbd

$(BUILD)/armature: $(MAIN) $(LIBRARY)
	$(say) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

# The image tool: a main() of its own on the same library.
IMG_OBJECTS = $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard block/img/*.c)))
$(BUILD)/armature-img: $(IMG_OBJECTS) $(LIBRARY)
	$(say) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

# The server of disk images, likewise.
NBD_OBJECTS = $(patsubst %.c,$(BUILD)/%.o, \
    $(sort $(wildcard block/nbd/tool/*.c)))
$(BUILD)/armature-nbd: $(NBD_OBJECTS) $(LIBRARY)
	$(say) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

# All but main(), for the program and for the tests.
$(LIBRARY): $(filter-out $(MAIN),$(OBJECTS))
	$(say) AR $@
	$(Q)rm -f $@ && ar rcsT $@ $^

$(BUILD)/%.o: %.c $(BUILD)/config.h
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(CFLAGS-$*.o) -MMD -MP -c -o $@ $<

# The embedded guest.  Its blob is in the tree, for those who have no cross
# compiler.
GUEST = pc-bios/armature-guest.bin
GUEST_CC = aarch64-linux-gnu-gcc
GUEST_SOURCES = $(sort $(wildcard pc-bios/guest/*.[cS]))
GUEST_CFLAGS = -std=gnu11 -O2 -Wall -Wextra -ffreestanding -fno-builtin \
    -fpie -fvisibility=hidden -fno-stack-protector \
    -fno-asynchronous-unwind-tables -march=armv8-a -mno-outline-atomics \
    -mgeneral-regs-only -mstrict-align -I.
GUEST_LDFLAGS = -nostdlib -static-pie -Wl,-T,pc-bios/guest/link.ld \
    -Wl,--no-dynamic-linker,--build-id=none,--no-warn-rwx-segments \
    -Wl,-z,norelro,-z,max-page-size=4096
ifneq ($(shell command -v $(GUEST_CC)),)
$(GUEST): $(GUEST_SOURCES) $(wildcard pc-bios/guest/*.h) pc-bios/guest/link.ld
	$(say) GUEST $@
	@mkdir -p $(BUILD)/pc-bios
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) $(GUEST_LDFLAGS) \
	    -o $(BUILD)/pc-bios/guest.elf $(GUEST_SOURCES)
	$(Q)$(GUEST_CC:gcc=objcopy) -O binary $(BUILD)/pc-bios/guest.elf $@
endif

# Blobs that C code includes as they are.
$(patsubst %.c,$(BUILD)/%.o,$(wildcard pc-bios/*.c)): \
    $(GUEST)

# Generated from the instruction tables; `make V=1` shows how.  The generator
# leaves its memory to exit().
DECODEGEN = $(BUILD)/tools/decodegen
DECODE = $(sort $(wildcard cpu/arm/*.decode))
GEN = $(BUILD)/gen/cpu/arm
GENERATED = $(and $(TOOLS),$(DECODE),$(GEN)/a64_trans.h \
    $(GEN)/a64_decode.inc $(GEN)/a64_disas.inc $(GEN)/a64_generator.inc)
$(GEN)/a64_trans.h: GEN_FLAG = --header
$(GEN)/a64_decode.inc: GEN_FLAG = --decoder
$(GEN)/a64_disas.inc: GEN_FLAG = --disas
$(GEN)/a64_generator.inc: GEN_FLAG = --generator
$(GEN)/a64_%: $(DECODEGEN) $(DECODE)
	$(say) GEN $@
	@mkdir -p $(@D)
	$(Q)$(DECODEGEN) $(GEN_FLAG) $(DECODE) >$@

$(DECODEGEN): $(TOOLS:%.c=$(BUILD)/%.o)
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

# Tests.  A level is a folder of tests/ with a script `run`; programs that a
# level needs are built on demand from tests/LEVEL/NAME.c.
LEVELS = lint unit insn codegen fuzz guest cli img boot
UNIT_SOURCES = $(filter-out $(WITHOUT),$(sort $(wildcard tests/unit/*.c)))
UNIT_TESTS = $(filter tests/unit/test_%,$(UNIT_SOURCES))
UNIT_OBJECTS = $(UNIT_SOURCES:%.c=$(BUILD)/%.o)
TEST_PROGRAMS = $(patsubst %.c,$(BUILD)/%, \
    $(wildcard $(addprefix tests/,$(addsuffix /*.c,insn codegen fuzz cli img)) \
    tests/bench/translate.c))
export BUILD CC MAKE

# Before the first build there are no dependency files to order these.
$(OBJECTS) $(UNIT_OBJECTS) $(TEST_PROGRAMS:%=%.o): | $(GENERATED)

$(BUILD)/gen/tests/unit/suites.inc: $(UNIT_TESTS) Makefile
	@mkdir -p $(@D)
	$(Q)printf 'SUITE(%s)\n' $(UNIT_TESTS:tests/unit/test_%.c=%) >$@
$(UNIT_OBJECTS): | $(BUILD)/gen/tests/unit/suites.inc
$(BUILD)/tests/unit/runner.o: $(BUILD)/gen/tests/unit/suites.inc

$(BUILD)/tests/unit/runner: $(UNIT_OBJECTS) $(LIBRARY)
	$(say) LD $@
	$(if $(CHECK_LIBS),,@echo 'Check not found; install the package check' \
	    >&2; exit 1)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(CHECK_LIBS) $(ALL_LIBS)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(LIBRARY)
	$(say) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

# Fuzzing.  A target is tests/fuzz/targets/NAME.c; `make fuzz` links it with
# libFuzzer, in a build directory of its own, and tests/fuzz/run has a plain
# program that puts every seed through every target.
FUZZ_TARGETS = $(sort $(patsubst tests/fuzz/targets/%.c,%, \
    $(wildcard tests/fuzz/targets/*.c)))
FUZZ_SHARED = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/replay.c, \
    $(wildcard tests/fuzz/shared/*.c)))
FUZZ_OBJECTS = $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/targets/%.o)
FUZZ_IMG = $(filter-out %/main.o,$(IMG_OBJECTS))
FUZZ_BUILD = build-fuzz

$(BUILD)/gen/tests/fuzz/targets.inc: $(wildcard tests/fuzz/targets/*.c) Makefile
	@mkdir -p $(@D)
	$(Q)printf 'TARGET(%s)\n' $(FUZZ_TARGETS) >$@
$(BUILD)/tests/fuzz/shared/replay.o: $(BUILD)/gen/tests/fuzz/targets.inc
$(FUZZ_OBJECTS) $(FUZZ_SHARED): | $(GENERATED)

# There each target's function has a name of its own.
$(BUILD)/tests/fuzz/replay/%.o: tests/fuzz/targets/%.c $(BUILD)/config.h \
    | $(GENERATED)
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -DLLVMFuzzerTestOneInput=fuzz_$* -MMD -MP -c \
	    -o $@ $<
$(BUILD)/tests/fuzz/replay-seeds: $(BUILD)/tests/fuzz/shared/replay.o \
    $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/replay/%.o) $(FUZZ_SHARED) \
    $(FUZZ_IMG) $(LIBRARY)
	$(say) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(ALL_LIBS)

$(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/targets/%): \
    $(BUILD)/tests/fuzz/targets/%: $(BUILD)/tests/fuzz/targets/%.o \
    $(FUZZ_SHARED) $(FUZZ_IMG) $(LIBRARY)
	$(say) LD $@
	$(Q)$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(ALL_LIBS)

# TARGET=NAME for SECONDS, or all targets one after the other.
TARGET ?= $(FUZZ_TARGETS)
SECONDS ?= 600
ifneq ($(BUILD),$(FUZZ_BUILD))
$(FUZZ_BUILD)/config.mk: configure
	@CC= ./configure --enable-fuzzing --build-dir=$(FUZZ_BUILD)
endif
.PHONY: fuzz
fuzz: $(FUZZ_BUILD)/config.mk
	+$(Q)$(MAKE) BUILD=$(FUZZ_BUILD) \
	    $(TARGET:%=$(FUZZ_BUILD)/tests/fuzz/targets/%)
	@for t in $(TARGET); do \
	    tests/fuzz/fuzz $(FUZZ_BUILD) $$t $(SECONDS) || exit; \
	done

check: all $(BUILD)/tests/unit/runner
	+@tests/check $(LEVELS)
check-unit: $(BUILD)/tests/unit/runner
	+@tests/check unit
check-lint lint:
	+@tests/check lint
.PHONY: $(LEVELS:%=check-%)
$(filter-out check-unit check-lint,$(LEVELS:%=check-%)): check-%: all
	+@tests/check $*

# The embedded guest; Ctrl-a x leaves.
run: all
	$(BUILD)/armature

bench: all
	tests/bench/run
bench-translate: $(BUILD)/tests/bench/translate
	$(Q)tests/bench/translate.sh

# Every A64 instruction: implemented or not, tested by what.
ISA_REPORT = $(BUILD)/isa-report.md
isa-report: $(BUILD)/tests/fuzz/isa_report
	$(say) LIST $(ISA_REPORT)
	$(Q){ ls tests/guest/*.c; for f in tests/insn/*.S; do \
	    elf=$(BUILD)/tests/insn/$$(basename $$f .S).elf; \
	    [ ! -e $$elf ] || echo $$elf; \
	done; } | xargs $< tests/fuzz/insn_probe.known \
	    tests/fuzz/el1_words.known >$(ISA_REPORT)
	$(Q){ echo; echo '## System registers (`sysreg_probe`)'; echo; \
	    sed 's/^/    /' tests/fuzz/sysreg_probe.known; } >>$(ISA_REPORT)

# Debian from its archive onto an empty disk, and life in it.
install-demo: all
	tests/boot/debian-install

# Reformat the files given: make format FILES="util/log.c ..."
format:
	clang-format -i $(FILES)

install: all
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(datadir)/doc/armature
	install -s $(BUILD)/armature $(DESTDIR)$(bindir)/armature
	install -s $(BUILD)/armature-img $(DESTDIR)$(bindir)/armature-img
	install -s $(BUILD)/armature-nbd $(DESTDIR)$(bindir)/armature-nbd
	install -m 644 README.md LICENSE $(DESTDIR)$(datadir)/doc/armature

clean:
	@rm -rf $(BUILD)/*.a $(addprefix $(BUILD)/armature,'' -img -nbd) \
	    $(BUILD)/gen $(BUILD)/tools $(BUILD)/tests $(addprefix $(BUILD)/,$(MODULES))

distclean:
	rm -rf $(BUILD)

help:
	@echo 'make               build $(BUILD)/armature'
	@echo 'make run           boot the embedded guest (Ctrl-a x leaves)'
	@echo 'make check         run every test'
	@echo 'make check-LEVEL   one of: $(LEVELS)'
	@echo 'make lint          check the layout of the source'
	@echo 'make bench         measure against QEMU'
	@echo 'make bench-translate  what translating code costs'
	@echo 'make isa-report    list all instructions, and what tests them'
	@echo 'make install-demo  install Debian on a disk, start it and use it'
	@echo 'make install       install below the prefix (DESTDIR works)'
	@echo 'make clean         remove what make built'
	@echo 'make distclean     remove the build directory'
	@echo 'make V=1           print the commands'

-include $(shell find $(BUILD) -type f -name '*.d' 2>/dev/null)
