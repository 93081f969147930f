/* import_internal.h - between the import*.c files. */
#ifndef MMEMU_TRACE_IMPORT_INTERNAL_H
#define MMEMU_TRACE_IMPORT_INTERNAL_H

#include "trace/import.h"

#define IM_PAGE 4096u
#define IM_PAGE_UP(x) ALIGN_UP(x, IM_PAGE)
#define IM_PAGE_DOWN(x) ALIGN_DOWN(x, IM_PAGE)
#define IM_ADDR_MAX ((uint64_t)1 << 57) /* recorded addresses lie below */

/* ---- import_log.c: a log as lines ---- */

#define IM_LINE_MAX ((size_t)256 << 10)

struct im_log {
	const char *path;
	struct stream stream;
	bool open;
	char *buf;
	size_t at, fill, before; /* before: where the last line began */
	uint64_t line;		 /* its number, from 1 */
};

int im_log_open(struct import *im, struct im_log *log, const char *path);
void im_log_close(struct import *im, struct im_log *log);
/* 1: *line is the next one, NUL-terminated, its length *len; 0: the end; -1. */
int im_log_line(struct import *im, struct im_log *log, char **line,
		size_t *len);
/* The last line once more. */
void im_log_unread(struct im_log *log);
/* size bytes as they are: 1, or 0 at the end, or -1 (also when it is cut). */
int im_log_bytes(struct import *im, struct im_log *log, void *to, size_t size);
/* The error of this import, at a place of the log. Always -1. */
__attribute__((format(printf, 4, 5))) int
im_fail(struct import *im, const struct im_log *log, size_t column,
	const char *fmt, ...);

/* ---- import_areas.c: what is mapped where ---- */

#define IMA_GROWSDOWN 1u
#define IMA_LEFT_OUT 2u /* it has no place in the trace's address space */
#define IMA_PAST_END 4u /* behind the end of its file as declared */

struct im_area {
	uint64_t start, end; /* as recorded */
	int64_t delta;	     /* to the trace's address */
	uint8_t prot, flags; /* PROT_*_EMU; IMA_* */
};

struct im_areas {
	struct im_area *tab; /* ascending */
	unsigned nr, max;
};

/* The area that holds addr, or NULL; *next: index of the first that ends
 * above addr. */
struct im_area *im_area_find(struct im_areas *a, uint64_t addr, unsigned *next);
void im_areas_map(struct import *im, struct im_areas *a,
		  const struct im_area *area);
void im_areas_unmap(struct import *im, struct im_areas *a, uint64_t start,
		    uint64_t end);
void im_areas_protect(struct import *im, struct im_areas *a, uint64_t start,
		      uint64_t end, unsigned prot);
void im_areas_copy(struct import *im, struct im_areas *to,
		   const struct im_areas *from);
void im_areas_free(struct import *im, struct im_areas *a);

/* ---- import_place.c: recorded addresses in the trace's address space ---- */

enum im_place { PLACE_PROGRAM, PLACE_HEAP, PLACE_MMAP, NR_PLACES };

struct im_window {
	uint64_t from, to; /* recorded addresses; from == to: not used yet */
	uint64_t base;	   /* of the trace */
};

struct im_places {
	struct im_window window[NR_PLACES];
	uint64_t kept; /* end of the highest address that was left as it is */
};

/* false: [addr, addr + len) has no place. */
bool im_place(const struct import *im, struct im_places *p, uint64_t addr,
	      uint64_t len, enum im_place what, int64_t *delta);
/* The stack's end in the trace. */
uint64_t im_stack_top(const struct import *im);

/* ---- processes ---- */

struct im_program; /* import_program.c: images whose place is not known yet */

struct im_mm {
	unsigned users;
	struct im_areas areas;
	struct im_places places;
	unsigned last[3];	/* area of the last access, by event kind */
	uint64_t brk;		/* as recorded */
	bool brk_seen;		/* a call told it */
	bool brk_event;		/* exec laid the heap out: brk events */
	uint64_t stack_lo, stack_hi; /* as recorded; 0: not known */
	struct im_program *pending;
};

struct im_files {
	unsigned users;
	uint32_t *path; /* by descriptor: name id, 0 = none */
	unsigned max;
};

struct im_process {
	uint32_t real, pid; /* recorded, in the trace */
	struct im_mm *mm;
	struct im_files *files;
	bool vforked;	/* since its creation it did nothing but that */
	bool execed;
	/* strace: a call whose rest is on a later line, when it began, and the
	 * child that was seen before its fork returned */
	char *started;
	size_t started_len;
	uint64_t sequence;
	uint32_t early_child;
	struct im_process *next;
};

/* Accesses of one kind at equal distances, waiting to become one event. */
struct im_run {
	struct im_process *p;
	uint64_t addr, last, stride;
	uint32_t count, size;
	uint8_t kind;
};

struct im_unknown {
	char name[28];
	uint64_t count;
};
#define IM_MAX_UNKNOWN 512

/* What is told at the end, one line each (import.c). */
enum im_note {
	NOTE_OUTSIDE,	/* accesses outside every known area */
	NOTE_NO_PLACE,	/* mappings without a place in 32 bits */
	NOTE_NO_ACCESS, /* their accesses */
	NOTE_PAST_END,	/* accesses behind a file's end as declared */
	NOTE_NO_IMAGE,	/* programs that could not be read */
	NOTE_NO_PARENT, /* processes whose beginning was not recorded */
	NOTE_GUESSED,	/* children whose parent was guessed */
	NOTE_CUT_CALL,	/* calls that never returned */
	NOTE_UNPLACED,	/* images whose place no call told */
	NR_IM_NOTES
};

struct import {
	const struct import_options *opt;
	const struct host_ops *host;
	struct names *names;
	const struct import_sink *sink;
	struct import_counts *n;
	struct im_process *processes; /* alive, the last used first */
	struct im_run run;
	uint32_t next_pid;
	uint64_t *file_size; /* by name id: as declared, + 1 */
	uint32_t nr_file_size;
	struct im_unknown unknown[IM_MAX_UNKNOWN];
	unsigned nr_unknown;
	uint64_t note[NR_IM_NOTES];
	/* An area for an address that has none, or NULL: such are left out. */
	void (*make_area)(struct import *im, struct im_process *p,
			  uint64_t addr);
	const char *bad_input;
	struct trace_error *error;
};

static inline bool im_stopped(const struct import *im)
{
	return im->opt->stop && *im->opt->stop;
}

/* ---- import.c: events ---- */

void im_set(struct event *ev, unsigned slot, uint64_t value);
/* After what waits; p NULL: a statement, or the kernel's. */
void im_event(struct import *im, struct im_process *p, struct event *ev);
void im_flush(struct import *im);
/* One access at an address of the trace. */
void im_put_access(struct import *im, struct im_process *p, unsigned kind,
		   uint64_t addr, uint32_t size);
/* Of the program, or of the kernel on its behalf, at a recorded address. */
void im_access(struct import *im, struct im_process *p, unsigned kind,
	       uint64_t addr, uint64_t size);
__attribute__((format(printf, 2, 3))) void im_note(struct import *im,
						   const char *fmt, ...);
void im_pass_over(struct import *im, const char *name, size_t len);
uint32_t im_name(struct import *im, const char *text);
void im_mark(struct import *im, const char *name);

/* ---- import_process.c ---- */

struct im_process *im_find(struct import *im, uint32_t real);
/* A process that nobody was seen to create. NULL: too many. */
struct im_process *im_spawn(struct import *im, uint32_t real, const char *comm);
/* kind: EV_FORK, EV_VFORK, EV_CLONE. NULL: too many processes. */
struct im_process *im_fork(struct import *im, struct im_process *parent,
			   uint32_t real, enum event_kind kind,
			   bool share_files);
void im_exit(struct import *im, struct im_process *p, uint64_t status);
/* exec's new, empty mm. */
void im_new_mm(struct import *im, struct im_process *p);
void im_files_set(struct import *im, struct im_process *p, uint64_t fd,
		  uint32_t path);
uint32_t im_files_get(const struct im_process *p, uint64_t fd);
void im_processes_free(struct import *im);

/* ---- import_map.c: mappings ---- */

struct im_mapping {
	uint64_t addr, len, offset;
	unsigned prot;
	uint32_t flags; /* EVF_* but FIXED and FILE */
	uint32_t path;	/* name id; 0: anonymous */
	uint64_t file_size; /* at least; 0: asks the host */
	enum im_place place;
};

void im_map(struct import *im, struct im_process *p,
	    const struct im_mapping *map);
void im_unmap(struct import *im, struct im_process *p, uint64_t addr,
	      uint64_t len);
/* An event over a range, in as many as it has pieces in the trace. */
void im_range(struct import *im, struct im_process *p, struct event *ev,
	      uint64_t addr, uint64_t len);
void im_protect(struct import *im, struct im_process *p, uint64_t addr,
		uint64_t len, unsigned prot);
void im_move(struct import *im, struct im_process *p, uint64_t old,
	     uint64_t old_len, uint64_t to, uint64_t len);
void im_brk(struct import *im, struct im_process *p, uint64_t brk);
/* The stack, where it was recorded; top: its end. Only once, and only where
 * nothing is mapped. */
void im_stack(struct import *im, struct im_process *p, uint64_t top);
/* Declares a file unless it is: `size` bytes, or (0) as the host has it, or
 * at least `end`. Its size as declared. */
uint64_t im_file(struct import *im, uint32_t path, uint64_t size,
		 uint64_t end);

/* An event declared it. */
void im_file_known(struct import *im, uint32_t path, uint64_t size);

/* ---- import_program.c ---- */

#define IM_NO_ENTRY 0u

/*
 * The program of an exec, as the log names it. file: where it is now, or NULL:
 * there. entry: address of
 * the first instruction as valgrind lays programs out, or IM_NO_ENTRY: images
 * that can stand anywhere wait for the call that tells where they are.
 */
void im_exec(struct import *im, struct im_process *p, const char *name,
	     const char *file, uint64_t entry);
/* An exec of which nothing but the name is known: its mappings follow. */
void im_exec_bare(struct import *im, struct im_process *p, const char *name);
/* mprotect: is it a loader's, of an image that waits? Then that is mapped. */
void im_program_hint(struct import *im, struct im_process *p, uint64_t addr,
		     uint64_t len);
/* What waits gets the place where it would stand without randomisation. */
void im_program_settle(struct import *im, struct im_process *p);
void im_program_free(struct import *im, struct im_mm *mm);

/* ---- import_calls.c ---- */

struct im_call {
	const char *name;
	uint64_t arg[6];
	unsigned given;	  /* bit i: arg[i] is a number that was recorded */
	const char *path; /* open: the file's; mmap: its descriptor's; or NULL */
	uint64_t result;
};

/* A call that succeeded. false: it is none that matters here. */
bool im_call(struct import *im, struct im_process *p, const struct im_call *c);

/* ---- import_addresses.c: lists without mappings ---- */

/* Opens the one log; from then on areas are made where accesses fall. */
int im_blocks_open(struct import *im, struct im_log *log);
/* ret: how reading ended (0 or -1). The result of the import. */
int im_blocks_close(struct import *im, struct im_log *log, int ret);

/* ---- the importers ---- */
int import_lackey(struct import *im);
int import_strace(struct import *im);
int import_perf(struct import *im);
int import_kmem(struct import *im);
int import_din(struct import *im);
int import_csv(struct import *im);
int import_champsim(struct import *im);
int import_dynamorio(struct import *im);

#endif
