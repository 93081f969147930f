# mmemu - a trace-driven emulator of the Linux memory manager
CC ?= gcc
B := build
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
ALL_CFLAGS = -std=gnu17 $(WARN) $(CFLAGS) -I. -MMD -MP $(EXTRA)
# while parts are still missing
LDFLAGS ?= -Wl,--unresolved-symbols=ignore-all
LIBS := -lyaml -lzstd -lelf -lm

LIB_SRC := $(wildcard core/*.c trace/*.c formats/*.c)
CMD_SRC := $(wildcard cmd/*.c)
TEST_SRC := $(wildcard tests/*.c tests/core/*.c tests/trace/*.c tests/formats/*.c tests/cmd/*.c)
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o)
CMD_OBJ := $(CMD_SRC:%.c=$(B)/%.o)
TEST_OBJ := $(TEST_SRC:%.c=$(B)/%.o)

all: $(B)/mmemu

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@

$(B)/libmmemu.a: $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(B)/mmemu: $(CMD_OBJ) $(B)/libmmemu.a
	$(CC) $(ALL_CFLAGS) $^ -o $@ $(LDFLAGS) $(LIBS)

$(B)/tests/run: $(TEST_OBJ) $(filter-out $(B)/cmd/main.o,$(CMD_OBJ)) $(B)/libmmemu.a
	$(CC) $(ALL_CFLAGS) $^ -o $@ $(LDFLAGS) -lcriterion $(LIBS)

clean:
	rm -rf $(B)

.PHONY: all clean
-include $(LIB_OBJ:.o=.d) $(CMD_OBJ:.o=.d) $(TEST_OBJ:.o=.d)
