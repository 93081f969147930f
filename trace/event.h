/*
 * event.h - one statement of a trace, in a structure of fixed size.
 *
 * Readers make events, the replay applies them, writers write them; all three
 * are driven by one table of kinds (trace/events.def), which says for each
 * kind its word, its arguments and where in struct event they go. The language
 * is described in docs/TRACE-FORMAT.md.
 */
#ifndef MMEMU_TRACE_EVENT_H
#define MMEMU_TRACE_EVENT_H

#include "core/gfp.h"
#include "trace/names.h"

#define TRACE_PID_MAX (1u << 22)
#define TRACE_MAX_LINE ((size_t)1 << 20) /* bytes of one line */

enum event_kind {
#define EVENT(id, actor, word, flags, ...) EV_##id,
#include "trace/events.def"
#undef EVENT
	NR_EVENT_KINDS
};

/*
 * A quantity: a number, a number of pages (the page size is the machine's,
 * which a reader does not know), a label, or a sum of them.
 */
struct quantity {
	uint64_t bytes;
	uint32_t pages;
	uint32_t label; /* id of a name, 0 = none */
};

/* struct event's x[]: what each kind puts where is in events.def. */
enum { X_ADDR, X_LEN, X_ARG, X_ADDR2, NR_X };

/* mmap's flags and the other words, as bits of event.flags */
#define EVF_SHARED 0x0001u
#define EVF_FILE 0x0002u	/* mmap: of the file `name` */
#define EVF_FIXED 0x0004u
#define EVF_GROWSDOWN 0x0008u
#define EVF_LOCKED 0x0010u
#define EVF_POPULATE 0x0020u
#define EVF_NORESERVE 0x0040u
#define EVF_STACK 0x0080u
#define EVF_NONBLOCK 0x0100u
#define EVF_MAYMOVE 0x0200u
#define EVF_NULL 0x0400u	/* ADDR is `-`, a setting `unlimited` */
#define EVF_NEGATIVE 0x0800u	/* sbrk: DELTA is -x[X_LEN] */
#define EVF_STRING 0x1000u	/* VALUE is a quoted string */
#define EVF_VALUE 0x2000u	/* there is a VALUE */
#define EVF_HWCACHE_ALIGN 0x4000u
#define EVF_PANIC 0x8000u
#define EVF_DMA 0x10000u
#define EVF_CTOR 0x20000u
#define EVF_WARM 0x40000u
#define EVF_COLD 0x80000u
#define EVF_EXT2 0x100000u
#define EVF_TMPFS 0x200000u
#define EVF_DEV 0x400000u	/* file: major, minor are given */

struct event {
	uint8_t kind;	      /* enum event_kind */
	uint8_t has;	      /* bit i: x[i] was given */
	uint8_t prot;	      /* bit 0 r, 1 w, 2 x */
	uint8_t choice;	      /* advice, msync's and mlockall's word ... */
	uint32_t pid;	      /* actor; 0 = the kernel, or no actor */
	uint64_t line;
	struct quantity x[NR_X];
	uint32_t flags;	      /* EVF_* */
	int32_t expect;	      /* 0; errno; EXPECT_SIGNAL + signal's number */
	uint32_t bind;	      /* `-> NAME`: name id, 0 = none */
	uint32_t name;	      /* path, cache, mark, report kind: name id */
	uint32_t name2;	      /* report: `as FILE` */
	uint32_t pid2;	      /* child, report's process */
	uint32_t gfp;
	uint32_t major, minor;
	uint32_t value_len;   /* bytes of VALUE */
	uint8_t small[8];     /* a number's bytes, little-endian */
	const uint8_t *value; /* a string's; the reader's until it reads on */
};

enum { KSM_SCANS, KSM_PAGES }; /* `ksm`: what N counts */
/* `cgroup`: what to do; from CGROUP_LIMIT on with a value */
enum {
	CGROUP_CREATE,
	CGROUP_REMOVE,
	CGROUP_EMPTY,
	CGROUP_LIMIT,
	CGROUP_MEMSW,
	CGROUP_SWAPPINESS,
	CGROUP_HIERARCHY,
};

#define EXPECT_SIGNAL 0x10000
#define EV_HAS(ev, slot) ((ev)->has >> (slot) & 1)

/* The bytes of VALUE. => ev->flags & EVF_VALUE */
static inline const uint8_t *event_value(const struct event *ev)
{
	return ev->flags & EVF_STRING ? ev->value : ev->small;
}

/* ---- the table of kinds ---- */

enum event_actor {
	ACTOR_NONE,   /* a statement about the machine: no event */
	ACTOR_PID,
	ACTOR_KERNEL,
};

#define EVT_RESULT 0x1u /* `-> NAME` may follow */
#define EVT_EXPECT 0x2u /* `!NAME` may follow */

enum arg_type {
	ARG_END,
	ARG_ADDR,	/* x[slot] */
	ARG_ADDR_NULL,	/* x[slot], or `-`: EVF_NULL */
	ARG_NUMBER,	/* x[slot], without labels */
	ARG_SIGNED,	/* x[slot], EVF_NEGATIVE */
	ARG_PROT,
	ARG_SHARE,	/* private | shared */
	ARG_BACKING,	/* anon | file PATH OFFSET(x[slot]) */
	ARG_CHOICE,	/* one of words[]: its value to choice */
	ARG_PID,	/* pid2 */
	ARG_NEW_FILE,	/* name, which becomes a declared file */
	ARG_PROGRAM,	/* name: a declared file, or declared by sizes behind */
	ARG_NAME,	/* name: any field */
	ARG_COMM,	/* name, may be left out */
	ARG_MARK,	/* name: begins with a letter */
	ARG_GFP,
	ARG_OPT_NUMBER, /* x[slot], may be left out */
	ARG_SIZE,	/* word NUMBER: x[slot] */
	ARG_SETTING,	/* x[slot] or `unlimited` (EVF_NULL), if choice >= bit */
	ARG_REPORT,	/* KIND to name, and PID to pid2 where it needs one */
	/* from here on behind a word, in any order, each at most once */
	ARG_FLAG,	/* word: a bit of flags */
	ARG_EXCLUSIVE,	/* word: a bit of flags, not with the row before */
	ARG_OPT_WORD,	/* word NUMBER: x[slot] */
	ARG_STRIDE,	/* the same, not 0 and not with a VALUE */
	ARG_FIXED_ADDR, /* word ADDR: x[slot], EVF_FIXED */
	ARG_DEV,	/* word MAJ:MIN */
	ARG_FILE_AS,	/* word FILE: name2 */
	ARG_VALUE,	/* = VALUE */
};

struct word {
	const char *text;
	uint32_t value;
};

struct arg {
	uint8_t type; /* enum arg_type */
	uint8_t slot;
	uint32_t bit;		  /* EVF_*; ARG_SETTING: the first choice */
	const char *word;	  /* the word itself, or what it is called */
	const struct word *words; /* ARG_CHOICE, ends with text NULL */
};

#define EVENT_MAX_ARGS 14 /* with the ARG_END behind them */
struct event_type {
	const char *word;
	uint8_t actor; /* enum event_actor */
	uint8_t flags; /* EVT_* */
	struct arg args[EVENT_MAX_ARGS];
};

extern const struct event_type event_types[NR_EVENT_KINDS];

/* The kind with that actor and word, or -1. */
int event_kind_find(enum event_actor actor, const char *word, size_t len);

/* Kinds of report, and which of them are of a process. */
struct report_kind {
	const char *name;
	bool needs_pid;
};
extern const struct report_kind report_kinds[];
extern const unsigned nr_report_kinds;
const struct report_kind *report_kind_find(const char *name, size_t len);

/* "ENOMEM" for 12, "SIGSEGV" for EXPECT_SIGNAL + 11; NULL if unknown. */
const char *failure_name(int failure);
/* The other way; 0 if there is none of that name. */
int failure_find(const char *name, size_t len);

/* What `report ... as FILE` may say: a file below the output folder. */
bool output_name_ok(const char *name, size_t len);

#endif
