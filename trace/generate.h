/*
 * generate.h - random traces that know what must come out of them.
 *
 * The generator keeps a model of the processes that its events make: for each
 * page of a small window whether it is mapped, with which rights, locked, and
 * which bytes it holds. The model knows nothing of areas, tables or frames. From
 * it come the values that reads must find (`= VALUE`) and the failures that must
 * happen (`!NAME`): a trace checks itself wherever it is replayed. Calls that
 * may fail for lack of memory alone carry no expectation.
 *
 * The same profile and seed give the same events everywhere.
 */
#ifndef MMEMU_TRACE_GENERATE_H
#define MMEMU_TRACE_GENERATE_H

#include "trace/event.h"

enum generate_profile {
	GENERATE_VMA,	/* areas: mmap, munmap, mprotect, mremap, mlock ... */
	GENERATE_COW,	/* fork, clone, exit, reads and writes */
	GENERATE_FILE,	/* private and shared files, msync, drop_caches */
	GENERATE_SWAP,	/* more pages than a small machine has */
	GENERATE_ALLOC, /* alloc_pages, kmalloc, slab caches, vmalloc */
	GENERATE_MIXED,
	NR_GENERATE_PROFILES
};
extern const char *const generate_profile_names[NR_GENERATE_PROFILES];

#define GENERATE_BASE 0x20000000ull /* of the window */
#define GENERATE_PROBES 2	    /* bytes of a page that the model knows */
extern const unsigned generate_probe[GENERATE_PROBES]; /* their offsets */

enum page_kind { MODEL_NONE, MODEL_ANON, MODEL_FILE, MODEL_SHARED };

struct model_page {
	uint8_t kind; /* enum page_kind */
	uint8_t prot;
	bool locked;
	uint16_t object; /* MODEL_FILE, MODEL_SHARED */
	uint32_t index;	 /* page of it */
	uint8_t byte[GENERATE_PROBES]; /* of private memory */
};

struct model_space {
	unsigned users; /* processes */
	struct model_page *page;
};

struct model_object {
	uint32_t name; /* of a file; 0: shared anonymous memory */
	unsigned pages;
	uint8_t (*byte)[GENERATE_PROBES];
};

struct model_process {
	uint32_t pid;
	struct model_space *space;
};

#define GENERATE_PROCESSES 6u
#define GENERATE_SLOTS 48u /* things of the kernel, of each kind */
#define GENERATE_CACHES 4u
#define GENERATE_GROUPS 4u

struct generator {
	const struct host_ops *host;
	struct names *names;
	enum generate_profile profile;
	uint64_t random;
	unsigned window; /* pages */
	unsigned most_processes;
	uint32_t next_pid;
	unsigned nr_processes;
	struct model_process process[GENERATE_PROCESSES];
	struct model_object *object;
	unsigned nr_objects, nr_files;
	unsigned prelude; /* statements of the beginning made so far */
	uint32_t block[GENERATE_SLOTS], object_label[GENERATE_SLOTS],
		area[GENERATE_SLOTS], cache_label[GENERATE_SLOTS];
	uint8_t cache_of[GENERATE_SLOTS];
	uint32_t cache[GENERATE_CACHES]; /* names; 0: not there */
	bool group[GENERATE_GROUPS];	 /* made, and not removed since */
	uint32_t labels;		 /* made so far */
	uint32_t program;
	bool program_known;
	uint8_t value; /* of the last store */
};

/* names: the events' labels and paths go there. */
void generator_init(struct generator *g, const struct host_ops *host,
		    struct names *names, enum generate_profile profile,
		    uint64_t seed);
void generator_destroy(struct generator *g);
/* The next statement; ev->line is 0. Good until the next call. */
void generator_next(struct generator *g, struct event *ev);

#endif
