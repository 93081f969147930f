/*
 * machine.c - boot, take down, check.
 *
 * A machine is a row of parts, each made after those it stands on:
 *
 *   zones ─► slab ─► pgtable ─► vmalloc ─► lru ─► filemap ─► rmap ─► mmap
 *         ─► task ─► swap ─► memcg ─► reclaim
 *
 * and taken down in the opposite order. machine_check() asks each part for its
 * broken invariants, and owner_check() for the one above all: every frame has
 * exactly one owner.
 */
#include "core/machine.h"
#include "core/subsystems.h"
#include "core/tlb.h"

#include <string.h>

struct subsystem {
	int (*init)(struct machine *m, const char **why);
	void (*destroy)(struct machine *m);
	void (*check)(const struct machine *m, struct checker *c);
};

/* clang-format off */
static const struct subsystem subsystems[] = {
	{zones_subsys_init,   zones_subsys_destroy,   page_alloc_check},
	{compaction_subsys_init, compaction_subsys_destroy, compaction_check},
	{slab_subsys_init,    slab_subsys_destroy,    slab_check},
	{pgtable_subsys_init, pgtable_subsys_destroy, pgtable_check},
	{large_subsys_init,   large_subsys_destroy,   NULL},
	{vmalloc_subsys_init, vmalloc_subsys_destroy, vmalloc_check},
	{lru_subsys_init,     lru_subsys_destroy,     lru_check},
	{filemap_subsys_init, filemap_subsys_destroy, filemap_check},
	{rmap_subsys_init,    rmap_subsys_destroy,    rmap_check},
	{ksm_subsys_init,     ksm_subsys_destroy,     ksm_check},
	{mmap_subsys_init,    mmap_subsys_destroy,    mmap_check},
	{task_subsys_init,    task_subsys_destroy,    task_check},
	{swap_subsys_init,    swap_subsys_destroy,    swap_check},
	{memcg_subsys_init,   memcg_subsys_destroy,   memcg_check},
	{reclaim_subsys_init, NULL,                   NULL},
	{NULL,                NULL,                   owner_check},
};

const char *const observation_text[NR_OBSERVATIONS] = {
#define OBSERVATION(name, text) [OBS_##name] = text,
#include "core/observer.def"
#undef OBSERVATION
};

const char *const fault_handler_names[NR_FAULT_HANDLERS] = {
	[FAULT_ANON_READ]   = "do_anonymous_page (zero page)",
	[FAULT_ANON_WRITE]  = "do_anonymous_page (new frame)",
	[FAULT_FILE_READ]   = "do_read_fault",
	[FAULT_FILE_COW]    = "do_cow_fault",
	[FAULT_FILE_SHARED] = "do_shared_fault",
	[FAULT_NONLINEAR]   = "do_nonlinear_fault",
	[FAULT_SWAP]        = "do_swap_page",
	[FAULT_WP_COPY]     = "do_wp_page (copied)",
	[FAULT_WP_REUSE]    = "do_wp_page (reused)",
	[FAULT_WP_SHARED]   = "do_wp_page (shared)",
	[FAULT_SPURIOUS]    = "handle_pte_fault (entry was there)",
};
/* clang-format on */

int machine_create(const struct machine_config *cfg,
		   const struct host_ops *host, struct machine **out,
		   const char **why)
{
	const char *key;
	struct machine *m;
	int err;

	err = machine_config_check(cfg, &key, why);
	if (err)
		return err;
	if (!host)
		host = &host_default_ops;
	m = host_alloc(host, sizeof(*m));
	m->host = *host;
	m->cfg = *cfg;
	m->fmt = config_format(&m->cfg, &m->own_fmt);
	for (int id = 0; id < PG_MAX_LEVELS; id++)
		m->level_depth[id] = (int8_t)pg_level_depth(m->fmt, id);
	m->page_size = cfg->page_size;
	m->page_shift = ilog2_u64(cfg->page_size);
	for (unsigned i = 0; i < m->cfg.nr_caches; i++)
		if (m->fmt->entry_size == 8 && cfg->caches[i].pae_size)
			m->cfg.caches[i].size = cfg->caches[i].pae_size;
	m->contents = cfg->contents != CONTENTS_OFF;
	m->nx = cfg->nx && (m->fmt->bits.nx || m->fmt->bits.exec);
	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++) {
		if (!subsystems[i].init)
			continue;
		err = subsystems[i].init(m, why);
		if (err) {
			machine_destroy(m);
			return err;
		}
	}
	if (cfg->tlb.on)
		tlb_attach(m, &cfg->tlb);
	*out = m;
	return 0;
}

void machine_destroy(struct machine *m)
{
	struct host_ops host;

	if (!m)
		return;
	tlb_detach(m);
	for (size_t i = ARRAY_SIZE(subsystems); i-- > 0;)
		if (subsystems[i].destroy)
			subsystems[i].destroy(m);
	host = m->host;
	host_free(&host, m, sizeof(*m));
}

unsigned long machine_check(const struct machine *m,
			    void (*tell)(void *ctx, const char *message),
			    void *ctx)
{
	struct checker c = {.tell = tell, .ctx = ctx};

	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++)
		if (subsystems[i].check)
			subsystems[i].check(m, &c);
	tlb_check(m, &c);
	return c.broken;
}

void machine_observe(const struct machine *m, enum observation_kind kind,
		     const char *func, uint64_t a, uint64_t b, uint64_t c,
		     uint64_t d)
{
	struct observation o = {.kind = kind,
				.func = func,
				.a = a,
				.b = b,
				.c = c,
				.d = d};

	m->observer->tell(m->observer->ctx, &o);
}
