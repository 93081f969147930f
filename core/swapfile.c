/*
 * swapfile.c - swap areas: which slots are taken, by whom, and which is next.
 *
 *   slot      0       1      2      3      4      5
 *           header  [ 1 ]  [ 2+c ] [ c ]  [ 0 ]  [ 1 ] ...     swap_map
 *                     │      │       │      └ free
 *                     │      │       └ a frame caches it, no entry names it
 *                     │      └ two entries (after a fork), and a frame
 *                     └ one entry; the bytes are on the disk only
 *
 * scan_swap_map() hands slots out in a row from cluster_next, so that pages
 * swapped out together lie together and can be read ahead together. After 256
 * of a row it looks for 256 free ones in a row; where there are none, for any
 * free slot from here on, then from the lowest.
 *
 * Areas stand in a list by priority; without a priority given, each new one
 * gets one less than all before, so the first is filled before the second.
 *
 * The kernel keeps a byte a slot and continues counts above 62 in extra pages;
 * here a count has a word. The bytes of the slots are the host's.
 *
 * Invariants (swap_check tests them under the same numbers)
 *  1. The count of a slot is the number of page-table entries that name it, or
 *     SWAP_MAP_SHMEM where one page of shared memory does.
 *  2. A slot has SWAP_HAS_CACHE exactly if a frame stands in the cache for it,
 *     which says so: PG_swapcache, PG_uptodate, private = the entry.
 *  3. inuse_pages is the number of slots that are not free; free ones lie
 *     within [lowest_bit, highest_bit].
 *  4. nr_swap_pages and total_swap_pages are the sums over writable areas.
 *  5. nrpages is the number of frames in the cache; a frame on an LRU list with
 *     PG_swapcache is one of them.
 *
 * Linux: mm/swapfile.c.
 */
#include "core/swapfile.h"
#include "core/filemap.h"
#include "core/memcontrol.h"
#include "core/mmap.h"
#include "core/page_alloc.h"
#include "core/subsystems.h"
#include "core/vmalloc.h"

#define SWAP_INFO_SIZE 120 /* struct swap_info_struct on 32-bit */

static inline uint32_t swap_count(uint32_t slot)
{
	return slot & ~SWAP_HAS_CACHE;
}

uint64_t total_swap_pages(const struct machine *m)
{
	return m->swap ? (uint64_t)m->swap->total_swap_pages : 0;
}

uint64_t nr_swap_pages(const struct machine *m)
{
	return m->swap && m->swap->nr_swap_pages > 0
		       ? (uint64_t)m->swap->nr_swap_pages
		       : 0;
}

bool vm_swap_full(const struct machine *m)
{
	return nr_swap_pages(m) * 2 < total_swap_pages(m);
}

/* The slot that an entry names; NULL: no such area, or beyond its end. */
static uint32_t *swap_slot_at(const struct machine *m, swp_entry_t entry)
{
	struct swap_area *a;

	if (swp_type(entry) >= m->swap->nr_swapfiles)
		return NULL;
	a = &m->swap->area[swp_type(entry)];
	if (!a->used || !swp_offset(entry) || swp_offset(entry) >= a->max)
		return NULL;
	return &a->swap_map[swp_offset(entry)];
}

uint32_t swap_slot(const struct machine *m, swp_entry_t entry)
{
	const uint32_t *slot = swap_slot_at(m, entry);

	return slot ? *slot : 0;
}

/* ---- the next free slot ---- */

/* A run of SWAPFILE_CLUSTER free slots within [from, end]; 0: none. */
static uint32_t find_free_cluster(const struct swap_area *a, uint32_t from,
				  uint32_t end)
{
	uint32_t last = from + SWAPFILE_CLUSTER - 1;

	for (uint32_t offset = from; last <= end; offset++) {
		if (a->swap_map[offset])
			last = offset + SWAPFILE_CLUSTER;
		else if (offset == last)
			return offset - (SWAPFILE_CLUSTER - 1);
	}
	return 0;
}

/* The row is used up: where does the next begin? */
static uint32_t next_cluster(struct swap_area *a)
{
	uint32_t offset;

	a->cluster_nr = SWAPFILE_CLUSTER - 1;
	if (a->pages - a->inuse_pages < SWAPFILE_CLUSTER)
		return a->cluster_next;
	offset = find_free_cluster(a, a->lowest_bit, a->highest_bit);
	if (offset)
		a->cluster_next = offset;
	return offset ? offset : a->lowest_bit;
}

/* The frame is the slot's only user: take its slot away. */
static bool __try_to_reclaim_swap(struct machine *m, unsigned type,
				  uint32_t offset)
{
	struct page *page = find_get_swap_page(m, swp_entry(type, offset));
	bool freed;

	if (!page)
		return false;
	freed = try_to_free_swap(m, page);
	put_page(m, page);
	return freed;
}

static bool slot_usable(const struct machine *m, const struct swap_area *a,
			uint32_t offset)
{
	return !a->swap_map[offset] ||
	       (vm_swap_full(m) && a->swap_map[offset] == SWAP_HAS_CACHE);
}

/*
 * First usable slot behind offset, then behind the lowest (which 3.12 skips);
 * 0: none.
 */
static uint32_t scan_on(const struct machine *m, const struct swap_area *a,
			uint32_t offset, uint32_t scan_base)
{
	while (++offset <= a->highest_bit)
		if (slot_usable(m, a, offset))
			return offset;
	offset = a->lowest_bit;
	while (++offset < scan_base)
		if (slot_usable(m, a, offset))
			return offset;
	return 0;
}

static void take_slot(struct swap_area *a, uint32_t offset)
{
	if (offset == a->lowest_bit)
		a->lowest_bit++;
	if (offset == a->highest_bit)
		a->highest_bit--;
	a->inuse_pages++;
	if (a->inuse_pages == a->pages) {
		a->lowest_bit = a->max;
		a->highest_bit = 0;
	}
	a->swap_map[offset] = SWAP_HAS_CACHE;
	a->cluster_next = offset + 1;
}

static uint32_t scan_swap_map(struct machine *m, unsigned type)
{
	struct swap_area *a = &m->swap->area[type];
	uint32_t offset = a->cluster_nr-- ? a->cluster_next : next_cluster(a);
	uint32_t scan_base = offset;

	while (a->highest_bit) {
		if (offset > a->highest_bit)
			scan_base = offset = a->lowest_bit;
		if (!a->swap_map[offset]) {
			take_slot(a, offset);
			return offset;
		}
		if (slot_usable(m, a, offset) &&
		    __try_to_reclaim_swap(m, type, offset))
			continue;
		offset = scan_on(m, a, offset, scan_base);
		if (!offset)
			return 0;
	}
	return 0;
}

/* An area of higher priority that got slots back is the one to look at. */
static int first_type(struct swap_info *s, int type)
{
	int hp = s->highest_priority_index;

	s->highest_priority_index = -1;
	if (hp != -1 && hp != type && s->area[type].prio < s->area[hp].prio &&
	    s->area[hp].writeok) {
		s->next = hp;
		return hp;
	}
	return type;
}

swp_entry_t get_swap_page(struct machine *m)
{
	struct swap_info *s = m->swap;
	int type, next, wrapped = 0;
	uint32_t offset;
	story(m);

	if (!s || s->nr_swap_pages <= 0)
		return swp_entry(0, 0);
	s->nr_swap_pages--;
	for (type = s->next; type >= 0 && wrapped < 2; type = next) {
		struct swap_area *a;

		type = first_type(s, type);
		a = &s->area[type];
		next = a->next;
		if (next < 0 || (!wrapped && a->prio != s->area[next].prio)) {
			next = s->head;
			wrapped++;
		}
		if (!a->highest_bit || !a->writeok)
			continue;
		s->next = next;
		offset = scan_swap_map(m, (unsigned)type);
		if (offset)
			return swp_entry((unsigned)type, offset);
		next = s->next;
	}
	s->nr_swap_pages++;
	return swp_entry(0, 0);
}

/* ---- counts ---- */

static void slot_freed(struct machine *m, unsigned type, uint32_t offset)
{
	struct swap_info *s = m->swap;
	struct swap_area *a = &s->area[type];

	if (offset < a->lowest_bit)
		a->lowest_bit = offset;
	if (offset > a->highest_bit)
		a->highest_bit = offset;
	if (s->highest_priority_index < 0 ||
	    a->prio > s->area[s->highest_priority_index].prio)
		s->highest_priority_index = (int)type;
	if (a->writeok)
		s->nr_swap_pages++;
	a->inuse_pages--;
}

/* One user less, or the cache's bit. What is left. => the slot is in use */
static uint32_t swap_entry_free(struct machine *m, swp_entry_t entry,
				uint32_t usage)
{
	uint32_t *slot = swap_slot_at(m, entry);

	mm_assert(slot && *slot);
	if (usage == SWAP_HAS_CACHE)
		*slot &= ~SWAP_HAS_CACHE;
	else if (swap_count(*slot) == SWAP_MAP_SHMEM)
		*slot &= SWAP_HAS_CACHE;
	else
		*slot -= 1;
	if (!*slot) {
		mem_cgroup_uncharge_swap(m, entry);
		slot_freed(m, swp_type(entry), (uint32_t)swp_offset(entry));
	}
	return *slot;
}

void swap_free(struct machine *m, swp_entry_t entry)
{
	story(m, swp_type(entry), swp_offset(entry));

	swap_entry_free(m, entry, 1);
}

void swapcache_free(struct machine *m, swp_entry_t entry, struct page *page)
{
	uint32_t left = swap_entry_free(m, entry, SWAP_HAS_CACHE);

	if (page)
		mem_cgroup_uncharge_swapcache(m, page, entry, left != 0);
}

int swapcache_prepare(struct machine *m, swp_entry_t entry)
{
	uint32_t *slot = swap_slot_at(m, entry);

	if (!slot || !*slot)
		return -ENOENT;
	if (*slot & SWAP_HAS_CACHE)
		return -EEXIST;
	*slot |= SWAP_HAS_CACHE;
	return 0;
}

int swap_duplicate(struct machine *m, swp_entry_t entry)
{
	uint32_t *slot = swap_slot_at(m, entry);

	if (!slot || !*slot)
		return -ENOENT;
	*slot += 1;
	return 0;
}

void swap_shmem_alloc(struct machine *m, swp_entry_t entry)
{
	*swap_slot_at(m, entry) |= SWAP_MAP_SHMEM;
}

uint32_t page_swapcount(const struct machine *m, const struct page *page)
{
	return swap_count(swap_slot(m, page_swp_entry(page)));
}

bool try_to_free_swap(struct machine *m, struct page *page)
{
	story(m, page_to_pfn(m, page));

	if (!PageSwapCache(page) || PageWriteback(page) ||
	    page_swapcount(m, page))
		return false;
	delete_from_swap_cache(m, page);
	SetPageDirty(page);
	return true;
}

/*
 * An entry is zapped. If only the cache is left of the slot, the frame goes
 * too, unless somebody has it mapped and there is room enough.
 */
int free_swap_and_cache(struct machine *m, swp_entry_t entry)
{
	struct page *page;

	if (!swap_slot(m, entry))
		return 0;
	if (swap_entry_free(m, entry, 1) != SWAP_HAS_CACHE)
		return 1;
	page = find_get_swap_page(m, entry);
	if (!page)
		return 1;
	if (!PageWriteback(page) && (!page_mapped(page) || vm_swap_full(m))) {
		delete_from_swap_cache(m, page);
		SetPageDirty(page);
	}
	put_page(m, page);
	return 1;
}

/* page_count() is not looked at: 3.12 asks for mappings and slots only. */
bool reuse_swap_page(struct machine *m, struct page *page)
{
	uint32_t count = (uint32_t)page_mapcount(page);

	story_leaf(m, "reuse_swap_page", page_to_pfn(m, page), count,
		   PageSwapCache(page) != 0);
	if (PageKsm(page))
		return false; /* it can be found and shared at any time */
	if (count <= 1 && PageSwapCache(page)) {
		count += page_swapcount(m, page);
		if (count == 1 && !PageWriteback(page)) {
			delete_from_swap_cache(m, page);
			SetPageDirty(page);
		}
	}
	return count <= 1;
}

/* ---- swapon, swapoff ---- */

/* Into the list: behind those of its priority and above. */
static void insert_area(struct swap_info *s, unsigned type)
{
	struct swap_area *a = &s->area[type];
	int i, prev = -1;

	for (i = s->head; i >= 0; i = s->area[i].next) {
		if (a->prio >= s->area[i].prio)
			break;
		prev = i;
	}
	a->next = i;
	if (prev < 0)
		s->head = s->next = (int)type;
	else
		s->area[prev].next = (int)type;
	a->writeok = true;
	s->nr_swap_pages += a->pages - a->inuse_pages;
	s->total_swap_pages += a->pages;
}

static void remove_area(struct swap_info *s, unsigned type)
{
	struct swap_area *a = &s->area[type];
	int i, prev = -1;

	for (i = s->head; i != (int)type; i = s->area[i].next)
		prev = i;
	if (prev < 0)
		s->head = a->next;
	else
		s->area[prev].next = a->next;
	if (s->next == (int)type)
		s->next = s->head;
	for (i = a->next; a->prio < 0 && i >= 0; i = s->area[i].next)
		s->area[i].prio++;
	s->least_priority++;
	a->writeok = false;
	s->nr_swap_pages -= a->pages - a->inuse_pages;
	s->total_swap_pages -= a->pages;
}

/* Largest offset that entries and page->private can hold, plus one. */
static uint64_t max_slots(const struct machine *m)
{
	unsigned bits = m->fmt->swp_offset.bits;
	unsigned most = m->fmt->va_bits > 32 ? 27 : 25;

	return (uint64_t)1 << (bits < most ? bits : most);
}

/* The lowest type that is free; MAX_SWAPFILES: none. */
static unsigned free_type(const struct swap_info *s)
{
	unsigned type = 0;

	while (type < MAX_SWAPFILES && s->area[type].used)
		type++;
	return type;
}

/* Host memory of the slots. */
static void area_reserve(struct machine *m, struct swap_area *a)
{
	a->swap_map = host_reserve(&m->host, a->max * sizeof(*a->swap_map));
	if (m->contents)
		a->disk = host_reserve(&m->host,
				       (size_t)a->max << m->page_shift);
}

static void area_release(struct machine *m, struct swap_area *a)
{
	mem_cgroup_swapoff(m, (unsigned)(a - m->swap->area));
	if (a->swap_map)
		host_release(&m->host, a->swap_map,
			     a->max * sizeof(*a->swap_map));
	if (a->disk)
		host_release(&m->host, a->disk, (size_t)a->max << m->page_shift);
	a->swap_map = NULL;
	a->disk = NULL;
}

int sys_swapon(struct machine *m, uint64_t len)
{
	struct swap_info *s = m->swap;
	uint64_t max = min_t(uint64_t, len >> m->page_shift, max_slots(m));
	unsigned type = free_type(s);
	struct swap_area *a;
	story(m, len);

	if (type == MAX_SWAPFILES)
		return -EPERM;
	if (max < 2)
		return -EINVAL;
	a = &s->area[type];
	if (!a->info_kobj)
		a->info_kobj = kmalloc(m, SWAP_INFO_SIZE, GFP_KERNEL);
	a->map_kobj = a->info_kobj ? vmalloc(m, max) : 0; /* a byte a slot */
	if (!a->map_kobj)
		return -ENOMEM;
	if (type >= s->nr_swapfiles)
		s->nr_swapfiles = type + 1;
	a->used = true;
	a->max = (uint32_t)max;
	a->pages = a->max - 1;
	a->inuse_pages = 0;
	a->lowest_bit = a->cluster_next = 1;
	a->highest_bit = a->max - 1;
	a->cluster_nr = 0;
	area_reserve(m, a);
	a->prio = --s->least_priority;
	insert_area(s, type);
	observe(m, SWAPON, type, a->pages, (uint64_t)(int64_t)a->prio, 0);
	return 0;
}

/* The area with the lowest priority came last. */
static int newest_area(const struct swap_info *s)
{
	int last = -1;

	for (int i = s->head; i >= 0; i = s->area[i].next)
		last = i;
	return last;
}

int sys_swapoff(struct machine *m)
{
	struct swap_info *s = m->swap;
	int type = newest_area(s), err;
	struct swap_area *a;
	const char *why;
	story(m);

	if (type < 0)
		return -EINVAL;
	a = &s->area[type];
	err = security_vm_enough_memory(m, a->pages);
	if (err)
		return err;
	vm_unacct_memory(m, a->pages);
	remove_area(s, (unsigned)type);
	err = try_to_unuse(m, (unsigned)type);
	if (err) {
		a->prio = --s->least_priority;
		insert_area(s, (unsigned)type);
		return err;
	}
	vfree(m, a->map_kobj, &why);
	area_release(m, a);
	a->used = false;
	observe(m, SWAPOFF, type, 0, 0, 0);
	return 0;
}

/* ---- the subsystem ---- */

int swap_subsys_init(struct machine *m, const char **why)
{
	m->swap = host_alloc(&m->host, sizeof(*m->swap));
	m->swap->head = m->swap->next = -1;
	m->swap->highest_priority_index = -1;
	*why = "the swap area does not fit the machine";
	return m->cfg.swap ? sys_swapon(m, m->cfg.swap) : 0;
}

void swap_subsys_destroy(struct machine *m)
{
	if (!m->swap)
		return;
	for (unsigned i = 0; i < m->swap->nr_swapfiles; i++)
		area_release(m, &m->swap->area[i]);
	host_free(&m->host, m->swap, sizeof(*m->swap));
	m->swap = NULL;
}
