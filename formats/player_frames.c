/*
 * player_frames.c - who owns each frame, and the free lists, for the player.
 *
 * Told are frames in use: those that are free or on a per-CPU list follow from
 * the lists, and what is RAM and nowhere else belongs to boot. So a machine of
 * 256 MiB that has just booted has some hundreds to tell, not 65,536.
 *
 *   RAM                     player_head(): [FROM, TO) each
 *   free blocks, per-CPU    player_lists(): head first
 *   in use                  player_frames(): a record each
 */
#include "core/filemap.h"
#include "core/owner.h"
#include "core/page_alloc.h"
#include "core/pgtable.h"
#include "formats/player_internal.h"
#include "formats/report.h"

#include <string.h>

/* How it is used; player/state.js has the same order. */
enum { USE_OTHER, USE_SLAB, USE_TABLE, USE_KERNEL, USE_ANON, USE_FILE,
       USE_SWAPCACHE };

/* ---- one frame ---- */

static int64_t file_name(struct player *p, uint32_t id)
{
	const struct inode *inode = hpool_get(&p->m->inode_pool, id);

	if (!p->file_name[id])
		p->file_name[id] =
			player_string(p, inode->path ? inode->path : "") + 1;
	return p->file_name[id] - 1;
}

/* The serial of the mm that a table's note names; 0: the kernel's. */
static int64_t table_owner(const struct machine *m, const struct page *page)
{
	uint32_t id = (page->private & ~TABLE_BEHIND_LARGE) >> 3;
	const struct mm_struct *mm;

	list_for_each_entry (mm, &m->mm_list, mmlist)
		if (mm->host_id == id)
			return (int64_t)mm->serial;
	return 0;
}

static int64_t slab_name(struct player *p, const struct page *page)
{
	const struct slab *slabp = hpool_get(&p->m->slab_pool, page->mapping);

	return player_string(p, slabp->cachep->name);
}

static void set_user(struct player *p, const struct page *page,
		     struct record *r)
{
	if (PageAnon(page)) {
		r->word[0] = USE_ANON;
		r->word[4] = page->mapping >> 2;
	} else if (page->mapping) {
		r->word[0] = USE_FILE;
		r->word[4] = file_name(p, page->mapping >> 2);
	} else {
		r->word[0] = USE_SWAPCACHE;
	}
}

/* How it is used, and by whom: words 0, 4 and 6. */
static void set_use(struct player *p, const struct page *page,
		    enum frame_owner owner, struct record *r)
{
	switch (owner) {
	case OWNER_SLAB:
		r->word[0] = USE_SLAB;
		r->word[4] = slab_name(p, page);
		break;
	case OWNER_TABLE:
		r->word[0] = USE_TABLE;
		r->word[4] = page->private & 7;
		r->word[6] = table_owner(p->m, page);
		break;
	case OWNER_KERNEL:
		r->word[0] = USE_KERNEL;
		break;
	case OWNER_USER:
		set_user(p, page, r);
		break;
	default:
		r->word[0] = USE_OTHER;
	}
}

static void add_frame(struct player *p, pfn_t pfn, enum frame_owner owner)
{
	const struct page *page = pfn_to_page(p->m, pfn);
	struct record *r = player_add(p, PLAYER_FRAMES, pfn, 0);

	r->word[1] = page->_count;
	r->word[2] = page_mapcount(page);
	r->word[3] = page->flags;
	r->word[5] = (int64_t)page->index;
	r->word[6] = page->private;
	set_use(p, page, owner, r);
}

/* ---- all of them ---- */

static void see_frames(void *ctx, pfn_t pfn, uint32_t nr,
		       enum frame_owner owner)
{
	if (owner == OWNER_PCP || owner == OWNER_BOOT ||
	    owner == OWNER_BUDDY || owner == OWNER_HOLE)
		return;
	for (uint32_t i = 0; i < nr; i++)
		add_frame(ctx, pfn + i, owner);
}

static void forget_file_names(struct player *p)
{
	size_t nr = p->m->inode_pool.next_id + 1;

	if (nr > p->nr_file_names) {
		p->file_name = host_realloc(
			&p->m->host, p->file_name,
			p->nr_file_names * sizeof(*p->file_name),
			nr * sizeof(*p->file_name));
		p->nr_file_names = nr;
	}
	memset(p->file_name, 0, p->nr_file_names * sizeof(*p->file_name));
}

void player_frames(struct player *p)
{
	const struct zone *z;

	forget_file_names(p);
	for_each_zone (z, p->m)
		if (populated_zone(z))
			walk_owners(p->m, z, see_frames, p);
}

/* ---- lists ---- */

static void add_pcp(struct player *p, const struct zone *z,
		    struct frame_list *lists)
{
	for (unsigned t = 0; t < MIGRATE_PCPTYPES; t++)
		page_list_for_each (pfn, p->m, &z->pageset.lists[t])
			frame_list_add(&p->m->host, &lists[t], pfn);
}

void player_lists(struct player *p)
{
	struct frame_list *l = p->list;
	const struct zone *z;

	for_each_zone (z, p->m) {
		if (!populated_zone(z)) {
			l += PLAYER_LISTS;
			continue;
		}
		for (unsigned o = 0; o < MAX_ORDER; o++)
			for (unsigned t = 0; t < MIGRATE_TYPES; t++, l++)
				for_each_free_block(pfn, p->m, z, o, t)
					frame_list_add(&p->m->host, l, pfn);
		add_pcp(p, z, l);
		l += MIGRATE_TYPES;
	}
}

/* ---- what never changes ---- */

void player_put_ram(const struct player *p, FILE *out)
{
	const struct machine *m = p->m;

	fputs("\"ram\":[", out);
	for (unsigned i = 0; i < m->nr_ram_ranges; i++)
		fprintf(out, "%s%llu,%llu", i ? "," : "",
			(unsigned long long)(m->ram_range[i].start >>
					     m->page_shift),
			(unsigned long long)(m->ram_range[i].end >>
					     m->page_shift));
	putc(']', out);
}
