/*
 * import_addresses.c - lists of addresses: DineroIV, CSV, ChampSim, DynamoRIO.
 *
 * They say what was accessed and nothing of mappings. So an area is made where
 * an access falls outside all of them: the 4 MiB around it (what one page table
 * maps), anonymous, rwx. An address space has room for 751 such blocks below
 * 0xBC000000. A block whose own place is there and free keeps it, any other
 * takes the highest free one; --wide keeps all addresses.
 */
#include "core/mm.h"
#include "trace/import_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLOCK (UINT64_C(4) << 20)
#define NR_SLOTS 752u

struct list {
	struct import *im;
	struct im_log log;
};

/* ---- blocks ---- */

/* Which slots of the trace's address space have a block. */
static void find_taken(const struct im_areas *a, bool taken[NR_SLOTS])
{
	memset(taken, 0, NR_SLOTS * sizeof(*taken));
	taken[0] = true; /* NULL and its neighbours */
	for (unsigned i = 0; i < a->nr; i++) {
		const struct im_area *area = &a->tab[i];
		uint64_t from = area->start + (uint64_t)area->delta;

		if (area->flags & IMA_LEFT_OUT)
			continue;
		for (; from < area->end + (uint64_t)area->delta; from += BLOCK)
			if (from / BLOCK < NR_SLOTS)
				taken[from / BLOCK] = true;
	}
}

static bool choose_slot(const struct import *im, const struct im_areas *a,
			uint64_t block, uint64_t *slot)
{
	bool taken[NR_SLOTS];

	*slot = block;
	if (im->opt->wide)
		return block && block * BLOCK < im_stack_top(im) - BLOCK;
	find_taken(a, taken);
	if (block < NR_SLOTS && !taken[block])
		return true;
	for (*slot = NR_SLOTS - 1; *slot && taken[*slot]; --*slot)
		;
	return *slot != 0;
}

static void make_block(struct import *im, struct im_process *p, uint64_t addr)
{
	uint64_t block = addr / BLOCK, slot;
	struct im_area area = {.start = block * BLOCK,
			       .end = (block + 1) * BLOCK,
			       .prot = 7};
	struct event ev;

	if (addr >= IM_ADDR_MAX)
		return;
	if (!choose_slot(im, &p->mm->areas, block, &slot)) {
		im->note[NOTE_NO_PLACE]++;
		area.flags = IMA_LEFT_OUT;
	} else {
		area.delta = (int64_t)((slot - block) * BLOCK);
		memset(&ev, 0, sizeof(ev));
		ev.kind = EV_MMAP;
		ev.prot = 7;
		ev.flags = EVF_FIXED;
		im_set(&ev, X_ADDR, slot * BLOCK);
		im_set(&ev, X_LEN, BLOCK);
		im_event(im, p, &ev);
	}
	im_areas_map(im, &p->mm->areas, &area);
}

/* ---- processes ---- */

/* The process of a number. With threads, a new one is a thread of the first. */
static struct im_process *process_of(struct list *l, uint32_t real,
				     struct im_process *first)
{
	struct im_process *p = im_find(l->im, real);

	if (p)
		return p;
	p = first ? im_fork(l->im, first, real, EV_CLONE, true)
		  : im_spawn(l->im, real, NULL);
	if (!p)
		im_fail(l->im, &l->log, 1, "more than %u processes",
			TRACE_PID_MAX);
	return p;
}

int im_blocks_open(struct import *im, struct im_log *log)
{
	im->make_area = make_block;
	return im_log_open(im, log, im->opt->inputs[0]);
}

int im_blocks_close(struct import *im, struct im_log *log, int ret)
{
	if (!ret && !im->n->accesses && !im_stopped(im))
		ret = im_fail(im, log, 1, "no access in this file");
	if (!ret)
		im_note(im, "mappings are not known: areas of 4 MiB, rwx, stand where accesses fall");
	im_log_close(im, log);
	return ret < 0 ? -1 : 0;
}

/* ---- DineroIV ---- */

/*
 *	0 1000		label and hexadecimal address: 0 read, 1 write, 2 fetch;
 *	w 70f60888 4	3 and 4 are no accesses. Extended din: letters, and a
 *			hexadecimal size
 */
static int din_line(struct list *l, struct im_process *p, const char *line)
{
	static const char labels[] = "012rwi34mcv";
	static const uint8_t kinds[] = {EV_READ, EV_WRITE, EV_FETCH};
	const char *at = line + strspn(line, " \t"), *label;
	unsigned long long addr, size = 1;
	char *end;

	if (!*at || *at == '#')
		return 0;
	label = strchr(labels, *at);
	if (!label || (at[1] != ' ' && at[1] != '\t'))
		return im_fail(l->im, &l->log, (size_t)(at - line) + 1,
			       "found \"%.20s\", expected a label: 0 to 4 or r, w, i, m, c, v",
			       at);
	addr = strtoull(at + 2, &end, 16);
	if (end == at + 2)
		return im_fail(l->im, &l->log, (size_t)(at - line) + 3,
			       "found \"%.20s\", expected a hexadecimal address",
			       at + 2);
	if (isalpha((unsigned char)*at)) {
		size = strtoull(end, NULL, 16);
		size = size ? size : 1;
	}
	if (label - labels >= 6) {
		im_pass_over(l->im, *at == '3' || *at == '4' ? "escapes"
							     : "other labels",
			     *at == '3' || *at == '4' ? 7 : 12);
		return 0;
	}
	if (size > 1u << 20)
		return im_fail(l->im, &l->log, 1,
			       "an access of %llu bytes, expected at most 1048576",
			       size);
	im_access(l->im, p, kinds[(label - labels) % 3], addr, size);
	return 0;
}

int import_din(struct import *im)
{
	struct list l = {.im = im};
	struct im_process *p = NULL;
	char *line;
	size_t len;
	int ret = im_blocks_open(im, &l.log);

	if (!ret) {
		p = process_of(&l, 1, NULL);
		ret = p ? 0 : -1;
	}
	while (!ret && (ret = im_log_line(im, &l.log, &line, &len)) > 0)
		ret = din_line(&l, p, line);
	return im_blocks_close(im, &l.log, ret);
}

/* ---- ChampSim ---- */

/* 64 bytes an instruction, little-endian: ip, is_branch, branch_taken, 2
 * destination and 4 source registers, 2 destination and 4 source addresses. */
#define CHAMPSIM_RECORD 64
#define CHAMPSIM_MEMORY 16

static uint64_t little64(const uint8_t *p)
{
	uint64_t v = 0;

	for (unsigned i = 8; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static void champsim_record(struct import *im, struct im_process *p,
			    const uint8_t *rec)
{
	im_access(im, p, EV_FETCH, little64(rec), 1);
	for (unsigned i = 0; i < 6; i++) {
		/* sources are read before destinations are written */
		unsigned at = (i + 2) % 6;
		uint64_t addr = little64(rec + CHAMPSIM_MEMORY + 8 * at);

		if (addr)
			im_access(im, p, at < 2 ? EV_WRITE : EV_READ, addr, 1);
	}
}

int import_champsim(struct import *im)
{
	uint8_t rec[CHAMPSIM_RECORD];
	struct im_process *p = NULL;
	struct list l = {.im = im};
	int ret = im_blocks_open(im, &l.log);

	if (!ret) {
		p = process_of(&l, 1, NULL);
		ret = p ? 0 : -1;
	}
	while (!ret &&
	       (ret = im_log_bytes(im, &l.log, rec, sizeof(rec))) > 0) {
		champsim_record(im, p, rec);
		im->n->lines++;
		ret = 0;
	}
	return im_blocks_close(im, &l.log, ret);
}

/* ---- DynamoRIO ---- */

/*
 * Three forms, of younger and older versions of the view tool:
 *
 *	    15       9:     2765543 ifetch       3 byte(s) @ 0x0000000000402680 48 89 e7 mov ...
 *	173370: T1774669 read         8 byte(s) @ 0x00007f8881e37c70 by PC 0x...
 *	T468608   0x0000000000467c45  4c 8b 54 24 08       mov    0x08(%rsp), %r10
 */
static bool dynamorio_thread(const char **at, uint32_t *thread)
{
	const char *p = *at + strspn(*at, " "), *colon = strchr(p, ':');
	char *end;

	if (*p != 'T') {
		if (!colon || strspn(p, "0123456789 ") < (size_t)(colon - p))
			return false;
		p = colon + 1 + strspn(colon + 1, " ");
	}
	p += *p == 'T';
	*thread = (uint32_t)strtoul(p, &end, 10);
	if (end == p || *end != ' ')
		return false;
	*at = end + strspn(end, " ");
	return true;
}

/* "4c 8b 54 24 08       mov": how many bytes */
static unsigned count_bytes(const char *p)
{
	unsigned n = 0;

	while (isxdigit((unsigned char)p[0]) && isxdigit((unsigned char)p[1]) &&
	       (p[2] == ' ' || !p[2])) {
		n++;
		p += p[2] ? 3 : 2;
	}
	return n ? n : 1;
}

static int dynamorio_access(struct list *l, struct im_process *p,
			    const char *text)
{
	const char *at = strstr(text, "byte(s) @ 0x");
	size_t len = strcspn(text, " ");
	unsigned kind;
	char *end;

	if (!strncmp(text, "0x", 2)) {
		uint64_t addr = strtoull(text, &end, 16);

		im_access(l->im, p, EV_FETCH, addr,
			  count_bytes(end + strspn(end, " ")));
		return 0;
	}
	if (!at) {
		text += *text == '<';
		im_pass_over(l->im, text, strcspn(text, " :>"));
		return 0;
	}
	if (len == 6 && !memcmp(text, "ifetch", 6))
		kind = EV_FETCH;
	else if (len == 4 && !memcmp(text, "read", 4))
		kind = EV_READ;
	else if (len == 5 && !memcmp(text, "write", 5))
		kind = EV_WRITE;
	else {
		im_pass_over(l->im, text, len);
		return 0;
	}
	im_access(l->im, p, kind, strtoull(at + 10, NULL, 16),
		  strtoull(text + len, NULL, 10) & 0xffff);
	return 0;
}

int import_dynamorio(struct import *im)
{
	struct im_process *first = NULL, *p;
	struct list l = {.im = im};
	char *line;
	size_t len;
	int ret = im_blocks_open(im, &l.log);

	while (!ret && (ret = im_log_line(im, &l.log, &line, &len)) > 0) {
		const char *at = line;
		uint32_t thread;

		ret = 0;
		if (!dynamorio_thread(&at, &thread))
			continue; /* headings, lines between threads */
		p = process_of(&l, thread, first);
		first = first ? first : p;
		ret = p ? dynamorio_access(&l, p, at) : -1;
	}
	return im_blocks_close(im, &l.log, ret);
}
