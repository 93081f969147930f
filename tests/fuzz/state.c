/*
 * state.c - state files: read, and a machine that starts from one and goes on:
 * what was accepted bears kernel and user memory to come and go.
 */
#include "core/machine.h"
#include "tests/fuzz/fuzz.h"
#include "trace/reader.h"
#include "trace/replay.h"
#include "trace/state_read.h"

#include <string.h>

void fuzz_start(const char *name)
{
	(void)name;
}

/* Destroyed are names that states have: of ours, of the samples and small. */
static const char life[] =
	"mmemu-trace 1\n"
	"kernel alloc_pages 0 GFP_KERNEL -> a\n"
	"kernel alloc_pages 0 GFP_HIGHUSER_MOVABLE -> b\n"
	"kernel alloc_pages 3 GFP_KERNEL -> c\n"
	"kernel alloc_pages 0 GFP_ATOMIC|GFP_DMA -> d\n"
	"kernel kmalloc 24 GFP_KERNEL -> e\n"
	"kernel kmalloc 5000 GFP_KERNEL -> f\n"
	"kernel kmem_cache_create ours 700 hwcache_align\n"
	"kernel kmem_cache_alloc ours GFP_KERNEL -> g\n"
	"kernel vmalloc 20K -> h\n"
	"1 spawn\n"
	"1 mmap 0x10000000 64p rw- private anon -> area\n"
	"1 write area 64p\n"
	"1 fork 2\n"
	"2 write area 8p\n"
	"2 exit\n"
	"1 exit\n"
	"kernel vfree h\n"
	"kernel kmem_cache_free ours g\n"
	"kernel kmem_cache_destroy ours\n"
	"kernel kfree f\n"
	"kernel kfree e\n"
	"kernel free_pages d\n"
	"kernel free_pages c\n"
	"kernel free_pages b\n"
	"kernel free_pages a\n"
	"kernel kmem_cache_alloc c GFP_KERNEL -> i\n"
	"kernel kmem_cache_free c i\n"
	"kernel kmem_cache_shrink c\n"
	"kernel kmem_cache_destroy c\n"
	"kernel kmem_cache_destroy kioctx\n"
	"kernel kmem_cache_shrink task_struct\n"
	"kernel kmem_cache_destroy task_struct\n"
	"kernel kmem_cache_destroy kmem_cache\n"
	"kernel kmem_cache_create again 24\n";

static void on_broken(void *ctx, const char *text)
{
	fuzz_check(false, "line %llu of its life: %s",
		   (unsigned long long)*(const uint64_t *)ctx, text);
}

static void live(struct machine *m)
{
	struct trace_reader *r = malloc(sizeof(*r));
	struct replay_hooks hooks = {0};
	const struct event *ev;
	struct names names;
	struct replay replay;
	uint64_t line = 1;
	int err;

	machine_check(m, on_broken, &line);
	names_init(&names, NULL);
	err = trace_open_memory(r, &host_default_ops, &names, "life", life,
				sizeof(life) - 1);
	replay_init(&replay, m, &names, &hooks);
	while (err >= 0 && (err = trace_read(r, &ev)) > 0) {
		line = ev->line;
		replay_event(&replay, ev);
	}
	fuzz_check(!err, "its life cannot be read: %s", r->error.text);
	machine_check(m, on_broken, &line);
	replay_destroy(&replay);
	trace_close(r);
	free(r);
	names_destroy(&names);
}

static void load(struct state_text *state)
{
	char err[STATE_ERROR_LEN] = "";
	struct machine_config cfg;
	struct machine *m = NULL;
	const char *why = "";

	machine_config_default(&cfg);
	cfg.memory = 16u << 20;
	if (state_geometry(state, &host_default_ops, &cfg, err)) {
		fuzz_check(err[0], "an error without words");
		return;
	}
	if (cfg.memory > 256u << 20 ||
	    machine_create(&cfg, NULL, &m, &why))
		return;
	if (state_load(m, state, err))
		fuzz_check(err[0], "an error without words");
	else
		live(m);
	machine_destroy(m);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	char err[STATE_ERROR_LEN] = "";
	struct state_text state;

	memset(&state, 0, sizeof(state));
	if (state_text_read(&state, &host_default_ops, fuzz_file(data, size),
			    err))
		fuzz_check(err[0], "an error without words");
	else
		load(&state);
	state_text_free(&state, &host_default_ops);
}
