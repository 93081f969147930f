/*
 * quiz.h - exercises with random numbers, answered by the machine.
 *
 *   seed ─► numbers ─► statements ─► a machine does them ─► what it holds now
 *                          │                                     │
 *                          └── the exercise's text               └── the answer
 *
 * A topic is a function that draws numbers, makes a machine (quiz_machine()),
 * lets it do statements of the trace language (quiz_do()) and writes two texts:
 * the exercise and, after quiz_answer(), what comes out. The answer is read from
 * the machine: from its tables, lists, reports and from what it told while it
 * worked. A topic has no rules of its own.
 */
#ifndef MMEMU_CMD_QUIZ_H
#define MMEMU_CMD_QUIZ_H

#include "cmd/command.h"
#include "cmd/config.h"
#include "core/machine.h"
#include "formats/lang.h"
#include "trace/replay.h"

enum quiz_format { QUIZ_TEXT, QUIZ_MARKDOWN };

struct quiz_options {
	const char *topic, *config;
	const char **sets;
	unsigned nr_sets;
	uint64_t seed, count;
	enum lang lang;
	enum quiz_format format;
	bool answer, trace;
};

#define QUIZ_SEEN 64 /* observations of one statement that are kept */

/* One of the texts of an exercise. */
struct quiz_part {
	FILE *f;
	char *text;
	size_t size;
};

struct quiz {
	const struct quiz_options *opt;
	const struct quiz_topic *topic;
	uint64_t seed, random;
	struct machine *m;
	struct names names;
	struct replay replay;
	struct outcome outcome; /* of the last statement */
	struct observer observer;
	struct observation seen[QUIZ_SEEN]; /* during it */
	unsigned nr_seen;
	uint64_t line;
	struct quiz_part exercise, answer, trace;
	FILE *out; /* where words go: one of the first two */
	char marks[CONFIG_ERROR_LEN]; /* the options of `mmemu replay` */
};

/* What a topic says of an attempt. */
enum quiz_result {
	QUIZ_FINE,
	QUIZ_AGAIN, /* an exercise without a point: draw another */
	QUIZ_BAD,   /* after a message */
};

struct quiz_topic {
	const char *name;
	enum quiz_result (*make)(struct quiz *q);
	const char *title[NR_LANGS];
	const char *about; /* one line for --list */
};

/* ---- lots ---- */
unsigned quiz_below(struct quiz *q, unsigned below);
/* lo ... hi, both included */
unsigned quiz_between(struct quiz *q, unsigned lo, unsigned hi);
bool quiz_chance(struct quiz *q, unsigned one_in);
void quiz_shuffle(struct quiz *q, unsigned *a, unsigned n);

/* ---- the machine ---- */
/*
 * A machine for the exercise: `config` (NULL: the default) unless the user
 * named one, with the settings KEY=VALUE behind it, up to NULL, which the user's
 * own come after. QUIZ_FINE, or QUIZ_BAD after a message.
 */
enum quiz_result quiz_machine(struct quiz *q, const char *config, ...);
/* Did the user set this key ("paging=")? Then the topic does not choose. */
bool quiz_user_sets(const struct quiz *q, const char *key);
/* Let it do one statement: q->outcome, q->seen. It stands in the trace. */
__attribute__((format(printf, 2, 3))) const struct outcome *
quiz_do(struct quiz *q, const char *fmt, ...);
/* The outcome as the outcome log says it. */
const char *quiz_outcome(const struct quiz *q, char *buf, size_t size);
/* What was told last of this kind during the last statement, or NULL. */
const struct observation *quiz_saw(const struct quiz *q,
				   enum observation_kind kind);
struct task_struct *quiz_task(const struct quiz *q, uint32_t pid);
/* Physical frame behind an address, 0 if none is mapped. */
pfn_t quiz_frame(const struct quiz *q, uint32_t pid, vaddr_t addr);

/* ---- the texts ---- */
/* A paragraph, in the language asked for: both take the same arguments. */
__attribute__((format(printf, 2, 4), format(printf, 3, 4))) void
quiz_say(struct quiz *q, const char *en, const char *ja, ...);
/* Lines that stand as they are, between quiz_begin() and quiz_end(). */
void quiz_begin(struct quiz *q);
__attribute__((format(printf, 2, 3))) void quiz_line(struct quiz *q,
						     const char *fmt, ...);
void quiz_gap(struct quiz *q);
/* A report of the machine, or of a process of it, as such lines. */
void quiz_report(struct quiz *q, const char *kind, uint32_t pid);
void quiz_end(struct quiz *q);
/* From here on words belong to the answer; back to the exercise. */
void quiz_answer(struct quiz *q);
void quiz_exercise(struct quiz *q);

void quiz_parts_open(struct quiz *q);
void quiz_parts_close(struct quiz *q);
/* The exercise as it was asked for, to f. */
void quiz_print(struct quiz *q, FILE *f);

/* ---- the topics ---- */
enum quiz_result quiz_translate(struct quiz *q);
enum quiz_result quiz_table_size(struct quiz *q);
enum quiz_result quiz_struct_pages(struct quiz *q);
enum quiz_result quiz_buddy(struct quiz *q);
enum quiz_result quiz_slab(struct quiz *q);
enum quiz_result quiz_maps(struct quiz *q);
enum quiz_result quiz_faults(struct quiz *q);
enum quiz_result quiz_cow(struct quiz *q);
enum quiz_result quiz_replacement(struct quiz *q);

#endif
