/*
 * test_buddy.c - one small zone, pictured.
 *
 * The zone has sixteen frames. A picture: '#' taken, a digit the order of the
 * free block that starts there, '.' inside a block. A script: `a2` takes a block
 * of order 2 (r2, m2: reclaimable, movable), `f0` gives back the first block
 * taken, `f1` the second.
 */
#include "core/bootmem.h"
#include "core/buddy.h"
#include "core/machine.h"
#include "machine_fixture.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define BASE 1024u
#define FRAMES 16u

static const struct pg_format no_format = {.name = "none", .va_bits = 32};

/* A machine of one zone, all frames free in one block of order 4. */
static struct machine *make_zone(unsigned pageblock_order)
{
	struct machine *m = host_alloc(&host_default_ops, sizeof(*m));
	struct zone *z = &m->zone[ZONE_NORMAL];

	m->host = host_default_ops;
	m->fmt = &no_format;
	m->page_shift = 12;
	m->page_size = 4096;
	m->cfg.pageblock_order = pageblock_order;
	m->max_pfn = BASE + FRAMES;
	range_add(m->ram_range, &m->nr_ram_ranges, CONFIG_MAX_RANGES,
		  BASE * 4096, (BASE + FRAMES) * 4096);
	reserve_host_memory(m);
	zones_reset(m);
	z->zone_start_pfn = BASE;
	z->spanned_pages = z->present_pages = z->managed_pages = FRAMES;
	m->totalram = FRAMES;
	for (pfn_t pfn = BASE; pfn < BASE + FRAMES;
	     pfn += pageblock_nr_pages(m))
		set_pageblock_migratetype(m, pfn, MIGRATE_UNMOVABLE);
	zone_place_free_block(m, z, BASE, 4, MIGRATE_UNMOVABLE);
	return m;
}

static void free_zone(struct machine *m)
{
	release_host_memory(m);
	host_free(&host_default_ops, m, sizeof(*m));
}

static void picture(const struct machine *m, char out[FRAMES + 1])
{
	for (pfn_t i = 0; i < FRAMES;) {
		const struct page *p = pfn_to_page(m, BASE + i);

		if (!PageBuddy(p)) {
			out[i++] = '#';
			continue;
		}
		memset(&out[i], '.', (size_t)1 << p->private);
		out[i] = (char)('0' + p->private);
		i += (pfn_t)1 << p->private;
	}
	out[FRAMES] = '\0';
}

static enum migratetype type_of(char op)
{
	return op == 'r'   ? MIGRATE_RECLAIMABLE
	       : op == 'm' ? MIGRATE_MOVABLE
			   : MIGRATE_UNMOVABLE;
}

static void run(struct machine *m, const char *script)
{
	struct zone *z = &m->zone[ZONE_NORMAL];
	struct {
		struct page *page;
		unsigned order;
	} taken[64];
	unsigned n = 0, arg;
	char op;

	for (const char *p = script; sscanf(p, " %c%u", &op, &arg) == 2;) {
		struct checker c = {.tell = tell_broken};

		if (op == 'f') {
			struct page *page = taken[arg].page;
			unsigned order = taken[arg].order;

			__free_one_page(m, z, page, order,
					get_pageblock_migratetype(
						m, page_to_pfn(m, page)));
			mod_zone_page_state(z, NR_FREE_PAGES, 1 << order);
		} else {
			taken[n].order = arg;
			taken[n].page = __rmqueue(m, z, arg, type_of(op));
			if (taken[n++].page)
				mod_zone_page_state(z, NR_FREE_PAGES,
						    -(1 << arg));
		}
		buddy_check(m, z, &c);
		cr_assert_eq(c.broken, 0, "\"%s\" at \"%s\"", script, p);
		p += strcspn(p, " ");
		p += strspn(p, " ");
	}
}

Test(buddy, split_and_merge)
{
	static const struct {
		const char *what, *script, *picture;
	} rows[] = {
		{"nothing done", "", "4..............."},
		{"split; lowest frame", "a0", "#01.2...3......."},
		{"the other half next", "a0 a0", "##1.2...3......."},
		{"smallest block that fits", "a0 a1", "#0##2...3......."},
		{"merge back to one", "a0 a0 f0 f1", "4..............."},
		{"hole keeps halves", "a0 a0 f0", "0#1.2...3......."},
		{"buddies, not neighbours", "a0 a0 a0 a0 f1 f2",
		 "#00#2...3......."},
		{"pairs merge", "a0 a0 a0 a0 f1 f2 f3", "#01.2...3......."},
		{"whole", "a4", "################"},
		{"too large", "a0 a4", "#01.2...3......."},
		{"orders mixed", "a2 a1 a0", "#######03......."},
		{"order 3 beside", "a0 a3", "#01.2...########"},
		{"all back, any order", "a2 a1 a0 a3 f1 f3 f0 f2",
		 "4..............."},
		{"last to be freed is next", "a0 a0 a0 a0 f1 f3 a0",
		 "#0##2...3......."},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine *m = make_zone(4);
		char got[FRAMES + 1];

		run(m, rows[i].script);
		picture(m, got);
		cr_expect_str_eq(got, rows[i].picture, "%s: \"%s\" gives %s",
				 rows[i].what, rows[i].script, got);
		free_zone(m);
	}
}

/*
 * Frame 0 is free, 4 and 5 have become a pair. Then 6 comes back: its buddy 7 is
 * taken, but were it free, 6-7 could merge with 4-5. So 6 waits at the tail.
 */
Test(buddy, block_about_to_merge_goes_to_the_tail)
{
	struct machine *m = make_zone(4);
	struct zone *z = &m->zone[ZONE_NORMAL];
	const struct page_list *l =
		&z->free_area[0].free_list[MIGRATE_UNMOVABLE];

	run(m, "a0 a0 a0 a0 a0 a0 a0 a0 f0 f4 f5 f6");
	cr_expect_eq(l->first, BASE + 0);
	cr_expect_eq(l->last, BASE + 6);
	free_zone(m);
}

static void types_picture(const struct machine *m, char out[FRAMES + 1])
{
	memset(out, '#', FRAMES);
	for (pfn_t i = 0; i < FRAMES; i++) {
		const struct page *p = pfn_to_page(m, BASE + i);

		if (PageBuddy(p))
			memset(&out[i], "urmR"[p->index],
			       (size_t)1 << p->private);
	}
	out[FRAMES] = '\0';
}

/* Pageblocks of 8 frames: which lists the free frames are on, and the blocks'
 * own types. */
Test(buddy, stealing)
{
	static const struct {
		const char *what, *script, *lists, *blocks;
	} rows[] = {
		{"own type: nothing changes", "a0", "#uuuuuuuuuuuuuuu", "uu"},
		{"a whole pageblock and more is taken over", "m0",
		 "#mmmmmmmmmmmmmmm", "mm"},
		{"largest block first", "a0 m0", "#uuuuuuu#mmmmmmm", "um"},
		/* only 1, 2-3, 4-7 are left; the block of 4 has order >=
		 * 3/2, so all 7 free frames move, and 7 >= 4: the block too */
		{"half a block free: taken over", "a3 a0 m0",
		 "#########mmm#mmm", "um"},
		/* 3 frames are left, moved, but the block's type stays */
		{"less than half: only the frames", "a3 a2 a0 m0",
		 "#############m#m", "uu"},
		/* a single frame of order 0 < 3/2 = 1: not even those */
		{"order too small: only the rest of this block",
		 "a3 a2 a0 a1 m0", "################", "uu"},
		{"reclaimable takes all it finds", "a3 a2 a0 a0 r0",
		 "###############r", "uu"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine *m = make_zone(3);
		char lists[FRAMES + 1], blocks[3] = "";

		run(m, rows[i].script);
		types_picture(m, lists);
		for (unsigned b = 0; b < 2; b++)
			blocks[b] = "urmR"[get_pageblock_migratetype(
				m, BASE + 8 * b)];
		cr_expect_str_eq(lists, rows[i].lists, "%s: \"%s\" gives %s",
				 rows[i].what, rows[i].script, lists);
		cr_expect_str_eq(blocks, rows[i].blocks, "%s: blocks %s",
				 rows[i].what, blocks);
		free_zone(m);
	}
}

Test(buddy, reserve_is_last)
{
	struct machine *m = make_zone(3);
	struct zone *z = &m->zone[ZONE_NORMAL];

	set_pageblock_migratetype(m, BASE + 8, MIGRATE_RESERVE);
	run(m, "a3 a0 f1"); /* two blocks of 8; the second one free */
	cr_assert_eq(move_freepages_block(m, z, pfn_to_page(m, BASE + 8),
					  MIGRATE_RESERVE),
		     8);
	run(m, "m0");
	cr_expect_eq(get_pageblock_migratetype(m, BASE + 8), MIGRATE_RESERVE);
	cr_expect_eq(z->free_area[2].free_list[MIGRATE_RESERVE].nr, 1,
		     "what is left of a Reserve block stays Reserve");
	free_zone(m);
}

Test(buddy, check_finds_what_is_broken)
{
	for (unsigned fault = 0; fault < 6; fault++) {
		struct machine *m = make_zone(4);
		struct zone *z = &m->zone[ZONE_NORMAL];
		struct checker c = {0};

		run(m, "a0");
		switch (fault) {
		case 0:
			z->free_area[1].nr_free++;
			break;
		case 1:
			z->vm_stat[NR_FREE_PAGES]--;
			break;
		case 2:
			pfn_to_page(m, BASE + 2)->private = 0;
			break;
		case 3:
			pfn_to_page(m, BASE + 5)->_count = 1;
			break;
		case 4: /* both halves of a pair */
			add_to_free_list(m, z, pfn_to_page(m, BASE), 0,
					 MIGRATE_UNMOVABLE, false);
			mod_zone_page_state(z, NR_FREE_PAGES, 1);
			break;
		default:
			pfn_to_page(m, BASE + 8)->index = MIGRATE_MOVABLE;
			break;
		}
		buddy_check(m, z, &c);
		cr_expect_gt(c.broken, 0, "fault %u", fault);
		free_zone(m);
	}
}
