/* lackey.h - between the import_*.c and lackey_*.c files. */
#ifndef MMEMU_TRACE_LACKEY_H
#define MMEMU_TRACE_LACKEY_H

#include "trace/import_lackey.h"

/* ---- lackey_log.c: a log as lines ---- */

#define LOG_BUF ((size_t)256 << 10)
#define LOG_MAX_FD 64

struct run_length {
	uint8_t kind;	 /* enum event_kind of the accesses */
	uint64_t addr;	 /* first */
	uint64_t last, stride;
	uint32_t count;	 /* 0: nothing is waiting */
	uint32_t size;	 /* of the first */
};

struct open_file {
	uint32_t path; /* name id, 0 = closed */
};

enum log_state { LOG_NEW, LOG_RUNNABLE, LOG_WAITING, LOG_DONE };

/* One process. */
struct lackey_log {
	const char *path;
	struct stream stream;
	bool open;
	char *buf;
	size_t at, fill;
	uint64_t line;
	uint32_t real_pid, parent_pid, pid; /* pid: in the trace */
	char command[256];
	enum log_state state;
	bool began;	 /* its first line was seen */
	uint32_t waits_for; /* real pid of a child */
	struct run_length run;
	uint64_t brk;	 /* as the program sees it */
	bool brk_mapped; /* the break is kept as a mapping */
	struct open_file fd[LOG_MAX_FD];
	/* a call whose result stands on a later line */
	unsigned pending_nr;
	char pending_args[512];
};

struct lackey {
	const struct lackey_options *opt;
	const struct host_ops *host;
	struct names *names;
	struct text_writer *w;
	struct lackey_counts *n;
	struct lackey_log *logs;
	unsigned nr_logs;
	uint64_t stack_shift; /* taken from addresses of the kernel's part */
	uint32_t next_pid;
	struct trace_error *error;
	const char *bad_log;
};

int lackey_fail(struct lackey *l, struct lackey_log *log, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int log_rewind(struct lackey *l, struct lackey_log *log);
void log_close(struct lackey *l, struct lackey_log *log);
/* 1: [*line, *end) is the next line; 0: the end; -1. */
int log_line(struct lackey *l, struct lackey_log *log, const char **line,
	     const char **end);
/* An access line: its kind (EV_READ ...), address and size; false: other. */
bool lackey_access(const char *p, unsigned *kind, uint64_t *addr,
		   uint32_t *size);

/* ---- lackey_calls.c ---- */
/* A SYSCALL line or the rest of one. 0 or -1. */
int lackey_call(struct lackey *l, struct lackey_log *log, const char *line,
		const char *end);

/* ---- lackey_program.c ---- */
/* The mappings that a program starts with. entry: of its first instruction. */
int lackey_start(struct lackey *l, struct lackey_log *log, uint64_t entry,
		 bool spawn);
/* mmap of a file, declared first if it is not. */
void lackey_map_file(struct lackey *l, struct lackey_log *log, uint32_t path,
		     uint64_t size, uint64_t addr, uint64_t len, unsigned prot,
		     uint32_t flags, uint64_t offset);

/* ---- import_lackey.c ---- */
void lackey_emit(struct lackey *l, struct lackey_log *log, struct event *ev);
void lackey_flush_run(struct lackey *l, struct lackey_log *log);
/* One access of the program, or of the kernel on its behalf. */
void lackey_put_access(struct lackey *l, struct lackey_log *log, unsigned kind,
		       uint64_t addr, uint64_t size);
struct lackey_log *lackey_find(struct lackey *l, uint32_t real_pid);
/* A fork, clone or vfork that made a child. */
int lackey_child(struct lackey *l, struct lackey_log *log, uint32_t real_pid,
		 unsigned kind);
void lackey_exit(struct lackey *l, struct lackey_log *log, uint64_t status);
uint64_t lackey_address(const struct lackey *l, uint64_t addr);
void set_quantity(struct event *ev, unsigned slot, uint64_t value);

#endif
