/*
 * lru.c - the LRU lists in order, head (newest) first.
 *
 *	zone Normal active_anon 2
 *	  pfn 4711 anon index 0x20000 mapcount 1
 *	  pfn 4712 anon index 0x20001 mapcount 2 referenced
 *	pagevec lru_add 1
 *	  pfn 4800 file /etc/motd+0x1000 mapcount 1
 *
 * The lists of a memory cgroup have "cgroup /its/path" behind their length.
 * Empty lists are left out. Pages in the pagevecs wait to be put on a list.
 */
#include "core/filemap.h"
#include "core/memcontrol.h"
#include "core/page_alloc.h"
#include "core/swapfile.h"
#include "formats/report.h"

const char *const lru_names[NR_LRU_LISTS] = {
	"inactive_anon", "active_anon", "inactive_file",
	"active_file",	 "unevictable",
};

static const struct {
	uint64_t flag;
	const char *name;
} flag_names[] = {
	{PG_referenced, "referenced"}, {PG_active, "active"},
	{PG_dirty, "dirty"},	       {PG_private, "buffers"},
	{PG_readahead, "readahead"},   {PG_mlocked, "mlocked"},
	{PG_swapcache, "swapcache"},
};

static void write_page(const struct machine *m, pfn_t pfn, FILE *out)
{
	const struct page *page = pfn_to_page(m, pfn);
	const struct address_space *mapping = page_mapping(m, page);

	fprintf(out, "  pfn %u ", pfn);
	if (mapping) {
		fputs("file ", out);
		write_path(out, mapping->host->path);
		fprintf(out, "+0x%llx",
			(unsigned long long)page->index << m->page_shift);
	} else if (PageAnon(page)) {
		fprintf(out, "anon index 0x%llx",
			(unsigned long long)page->index);
	} else if (!PageSwapCache(page)) {
		fputs("freed", out);
	}
	if (PageSwapCache(page))
		fprintf(out, "%sswap area %u slot %llu",
			PageAnon(page) ? " " : "",
			swp_type(page_swp_entry(page)),
			(unsigned long long)swp_offset(page_swp_entry(page)));
	fprintf(out, " mapcount %d", page_mapcount(page));
	for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (page->flags & flag_names[i].flag)
			fprintf(out, " %s", flag_names[i].name);
	fputc('\n', out);
}

static void write_pagevec(const struct machine *m, const char *name,
			  const struct pagevec *pvec, FILE *out)
{
	if (!pvec->nr)
		return;
	fprintf(out, "pagevec %s %u\n", name, pvec->nr);
	for (unsigned i = 0; i < pvec->nr; i++)
		write_page(m, pvec->pages[i], out);
}

/* memcg NULL: of those that belong to no group. */
static void write_lists(const struct machine *m, const struct zone *z,
			const struct lruvec *v, const struct mem_cgroup *memcg,
			FILE *out)
{
	for (int lru = 0; lru < NR_LRU_LISTS; lru++) {
		if (!v->lru[lru].nr)
			continue;
		fprintf(out, "zone %s %s %u", z->name, lru_names[lru],
			v->lru[lru].nr);
		if (memcg) {
			fputs(" cgroup ", out);
			write_path(out, memcg->path);
		}
		fputc('\n', out);
		page_list_for_each(pfn, m, &v->lru[lru])
			write_page(m, pfn, out);
	}
}

void report_lru(const struct machine *m,
		const struct task_struct *task __unused_arg, FILE *out)
{
	const struct zone *z;

	for_each_zone(z, m) {
		const struct mem_cgroup *iter;

		write_lists(m, z, &z->lruvec, NULL, out);
		for_each_mem_cgroup_tree(iter, m, NULL)
			if (!mem_cgroup_is_root(iter))
				write_lists(m, z, &iter->zone[z->type].lruvec,
					    iter, out);
	}
	write_pagevec(m, "lru_add", &m->pagevecs->lru_add, out);
	write_pagevec(m, "lru_rotate", &m->pagevecs->lru_rotate, out);
	write_pagevec(m, "lru_deactivate", &m->pagevecs->lru_deactivate, out);
}
