/*
 * quiz_tables.c - exercises about page tables: translate, page-table-size,
 * struct-pages.
 *
 *   0x2000abcd   pgd 10 | pte 10 | offset 12
 *                  128      10      0xbcd
 *   pgd[128] = 0x0f819067 ─► pte[10] = 0x012c2067 ─► frame 0x012c2
 *
 * The tables are bytes of the machine's RAM, written out word by word. Whether
 * an access faults, and with which error code, the machine tells when it does
 * the access.
 */
#include "cmd/quiz.h"
#include "core/mm.h"
#include "core/pgtable.h"
#include "core/task.h"
#include "formats/metrics.h"
#include "formats/table_walk.h"
#include "trace/random.h"

#include <string.h>

#define PID 100u
#define LL(x) ((unsigned long long)(x))

/* Digits of a virtual address. */
static int va_digits(const struct quiz *q)
{
	return q->m->fmt->va_bits <= 32 ? 8 : 12;
}

/* ---- the way through the tables ---- */

static void walk(const struct quiz *q, vaddr_t addr, struct table_walk *w)
{
	table_walk(quiz_task(q, PID)->mm, addr, w);
}

/* "pgd 128, pte 10, offset 0xbcd" */
static void print_split(const struct quiz *q, vaddr_t addr, char *buf,
			size_t size)
{
	const struct pg_format *f = q->m->fmt;
	size_t len = 0;

	for (unsigned d = 0; d < f->nr_levels; d++)
		len += (size_t)snprintf(buf + len, size - len, "%s %llu, ",
					f->level[d].name,
					LL(pg_index(f, d, addr)));
	snprintf(buf + len, size - len, "offset 0x%llx",
		 LL(addr & (PAGE_SIZE(q->m) - 1)));
}

static void print_way(struct quiz *q, const struct table_walk *w)
{
	const struct pg_format *f = q->m->fmt;

	for (unsigned d = 0; d < w->nr; d++) {
		const struct walk_step *step = &w->step[d];
		uint64_t v = step->entry.v;
		char goes[64] = "P is 0";

		if (v & f->bits.present && d + 1 < f->nr_levels)
			snprintf(goes, sizeof(goes), "%s table at 0x%08llx",
				 f->level[d + 1].name, LL(entry_table(f, v)));
		else if (v & f->bits.present)
			snprintf(goes, sizeof(goes), "frame 0x%05x",
				 pte_pfn(f, step->entry));
		quiz_line(q, "    %s[%llu] at 0x%08llx = 0x%0*llx: %s",
			  f->level[d].name, LL(step->index), LL(step->at),
			  2 * f->entry_size, LL(v), goes);
	}
}

/* ---- all tables, word by word ---- */

#define MAX_WORDS 128

struct dump {
	struct quiz *q;
	unsigned nr;
	struct {
		unsigned depth, index;
		ptep_t at;
		uint64_t v;
	} word[MAX_WORDS];
};

static void collect(void *ctx, unsigned depth, unsigned index, ptep_t at,
		    pte_t entry, vaddr_t va __unused_arg)
{
	struct dump *d = ctx;

	if (d->nr < MAX_WORDS) {
		d->word[d->nr].depth = depth;
		d->word[d->nr].index = index;
		d->word[d->nr].at = at;
		d->word[d->nr++].v = entry.v;
	}
}

static void dump_tables(struct quiz *q)
{
	const struct pg_format *f = q->m->fmt;
	struct dump dump = {.q = q, .nr = 0};

	walk_tables(quiz_task(q, PID)->mm, collect, &dump);
	quiz_begin(q);
	for (unsigned depth = 0; depth < f->nr_levels; depth++) {
		paddr_t table, last = 0;

		for (unsigned i = 0; i < dump.nr; i++) {
			if (dump.word[i].depth != depth)
				continue;
			table = dump.word[i].at -
				(paddr_t)dump.word[i].index * f->entry_size;
			if (table != last)
				quiz_line(q, "%s table at 0x%08llx",
					  f->level[depth].name, LL(table));
			last = table;
			quiz_line(q, "  [%4u] 0x%0*llx", dump.word[i].index,
				  2 * f->entry_size, LL(dump.word[i].v));
		}
	}
	quiz_end(q);
}

static unsigned bit_number(uint64_t mask)
{
	return (unsigned)__builtin_ctzll(mask);
}

/* "0 present, 1 write, 2 user, 5 accessed, 6 dirty, 63 nx" */
static void print_bits(const struct pg_format *f, char *buf, size_t size)
{
	const struct {
		uint64_t mask;
		const char *name;
	} bits[] = {
		{f->bits.present, "present (P)"}, {f->bits.read, "read"},
		{f->bits.write, "write (RW)"},	  {f->bits.exec, "exec"},
		{f->bits.user, "user (US)"},
		{f->bits.accessed, "accessed (A)"},
		{f->bits.dirty, "dirty (D)"},	  {f->bits.nx, "no execute (NX)"},
	};
	size_t len = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++)
		if (bits[i].mask)
			len += (size_t)snprintf(buf + len, size - len,
						"%s%u %s", len ? ", " : "",
						bit_number(bits[i].mask),
						bits[i].name);
}

/* ---- translate ---- */

/* The process: pages in an area of its own and in a second one. */
struct layout {
	vaddr_t area, other; /* AREA_PAGES and OTHER_PAGES */
	unsigned page[4];    /* of area: written, written, read, untouched */
	unsigned none;	     /* of other: PROT_NONE */
};

#define AREA_PAGES 8u
#define OTHER_PAGES 4u

static vaddr_t any_page(struct quiz *q)
{
	const struct machine_config *cfg = &q->m->cfg;
	uint64_t lo = PAGE_ALIGN(q->m, cfg->mmap_min_addr);
	uint64_t n = (cfg->task_size - lo) >> q->m->page_shift;

	return lo + (random_draw(&q->random) % n << q->m->page_shift);
}

/* A place near another: below the same entry two levels above the pages. */
static vaddr_t near_page(struct quiz *q, vaddr_t addr)
{
	const struct pg_format *f = q->m->fmt;
	unsigned d = f->nr_levels > 2 ? f->nr_levels - 3 : 0;
	vaddr_t cover = (vaddr_t)1 << f->level[d].shift;

	if (f->nr_levels < 3)
		return any_page(q);
	return (addr & ~(cover - 1)) +
	       (random_draw(&q->random) % (cover >> q->m->page_shift)
		<< q->m->page_shift);
}

static bool in_user_space(const struct quiz *q, vaddr_t addr, unsigned pages)
{
	return addr >= q->m->cfg.mmap_min_addr &&
	       addr + pages * PAGE_SIZE(q->m) <= q->m->cfg.task_size;
}

static bool draw_layout(struct quiz *q, struct layout *l)
{
	unsigned order[AREA_PAGES];
	uint64_t apart = 16 * PAGE_SIZE(q->m);

	l->area = any_page(q);
	l->other = quiz_chance(q, 2) ? any_page(q) : near_page(q, l->area);
	for (unsigned i = 0; i < AREA_PAGES; i++)
		order[i] = i;
	quiz_shuffle(q, order, AREA_PAGES);
	memcpy(l->page, order, sizeof(l->page));
	l->none = quiz_below(q, OTHER_PAGES);
	return in_user_space(q, l->area, AREA_PAGES) &&
	       in_user_space(q, l->other, OTHER_PAGES) &&
	       (l->area + apart < l->other || l->other + apart < l->area);
}

static vaddr_t page_at(const struct quiz *q, vaddr_t area, unsigned page)
{
	return area + page * PAGE_SIZE(q->m);
}

static void build_tables(struct quiz *q, const struct layout *l)
{
	quiz_do(q, "%u spawn", PID);
	quiz_do(q, "%u mmap 0x%llx %up rw- private anon fixed", PID,
		LL(l->area), AREA_PAGES);
	quiz_do(q, "%u mmap 0x%llx %up rw- private anon fixed", PID,
		LL(l->other), OTHER_PAGES);
	quiz_do(q, "%u write 0x%llx", PID,
		LL(page_at(q, l->area, l->page[0])));
	quiz_do(q, "%u write 0x%llx", PID,
		LL(page_at(q, l->area, l->page[1])));
	quiz_do(q, "%u read 0x%llx", PID,
		LL(page_at(q, l->area, l->page[2])));
	quiz_do(q, "%u write 0x%llx", PID, LL(page_at(q, l->other, l->none)));
	quiz_do(q, "%u mprotect 0x%llx 1p ---", PID,
		LL(page_at(q, l->other, l->none)));
}

#define QUESTIONS 5u

struct question {
	const char *access;
	vaddr_t addr;
	bool signal;	    /* the process is told, and lives on */
	struct table_walk before; /* any of them was done */
};

/* Kind 0: present; 1: read-only; 2: no entry; 3: no table; 4: PROT_NONE; 5: an
 * instruction. */
static bool draw_question(struct quiz *q, const struct layout *l, unsigned kind,
			  struct question *qu)
{
	static const unsigned page_of[] = {0, 2, 3, 0, 0, 1};
	bool nx = q->m->nx && q->m->fmt->bits.nx;
	bool anything = quiz_chance(q, 2);

	qu->signal = kind == 3 || kind == 4 || (kind == 5 && nx);
	qu->access = kind == 1	     ? "write" :
		     kind == 5 && nx ? "fetch" :
		     anything	     ? "write" :
				       "read";
	qu->addr = kind == 3 ? any_page(q) :
		   kind == 4 ? page_at(q, l->other, l->none) :
			       page_at(q, l->area, l->page[page_of[kind]]);
	qu->addr += quiz_below(q, (unsigned)PAGE_SIZE(q->m) / 4) * 4;
	walk(q, qu->addr, &qu->before);
	return kind != 3 || qu->before.nr < q->m->fmt->nr_levels ||
	       (q->m->fmt->nr_levels == 1 && !qu->before.step[0].entry.v);
}

static void print_translate(struct quiz *q, const struct question *qu)
{
	const struct pg_format *f = q->m->fmt;
	uint64_t kernel = kernel_root_index(q->m);
	char bits[160];

	print_bits(f, bits, sizeof(bits));
	quiz_say(q,
		 "A machine has page tables of the format %1$s (%2$s bits). The page tables of a process are these words of memory; its topmost table is at 0x%3$08llx. Entries that are not listed are 0, and so are all entries of tables that are not listed.",
		 "あるマシンのページテーブルの形式は %1$s（%2$s ビット）である。あるプロセスのページテーブルはメモリの次の語からなり、最上位のテーブルは 0x%3$08llx にある。示されていないエントリと、示されていないテーブルのエントリはすべて 0 である。",
		 f->name, strchr(f->title, ',') ? strchr(f->title, ',') + 2 : f->title,
		 LL(quiz_task(q, PID)->mm->pgd));
	if (kernel < pg_table_entries(f, 0))
		quiz_say(q, "(%s[%llu] and above are the kernel's and left out.)",
			 "（%s[%llu] 以降はカーネルのもので、省略してある。）",
			 f->level[0].name, LL(kernel));
	dump_tables(q);
	quiz_say(q,
		 "Bits of an entry: %s. The address of the frame or of the next table is (entry & 0x%llx)%s.",
		 "エントリのビット: %s。ページフレームまたは次のテーブルのアドレスは (entry & 0x%llx)%s である。",
		 bits, LL(f->addr_mask), f->addr_rshift ? " << 2" : "");
	quiz_say(q,
		 "The process does these accesses in user mode, in this order. For each: split the address, name the entries on the way, and give the physical address, or the page fault with its error code (bit 0: the page was present; bit 1: a write; bit 2: user mode; bit 4: an instruction fetch).",
		 "プロセスはユーザモードで次のアクセスをこの順に行う。それぞれについて、アドレスを分割し、たどるエントリを挙げ、物理アドレス、またはページフォールトとそのエラーコード（ビット 0: ページが存在した、ビット 1: 書き込み、ビット 2: ユーザモード、ビット 4: 命令フェッチ）を答えよ。");
	quiz_begin(q);
	for (unsigned i = 0; i < QUESTIONS; i++)
		quiz_line(q, "(%c) %-5s 0x%0*llx", 'a' + i, qu[i].access,
			  va_digits(q), LL(qu[i].addr));
	quiz_end(q);
}

static void print_error(struct quiz *q, unsigned code)
{
	char text[64];

	quiz_line(q, "    page fault, error code 0x%x =%s%s%s%s", code,
		  code & PF_PROT ? " P" : "", code & PF_WRITE ? " W" : "",
		  code & PF_USER ? " U" : "", code & PF_INSTR ? " I" : "");
	quiz_line(q, "    %s", quiz_outcome(q, text, sizeof(text)));
}

/* The fault that the access began with, NULL if it took none. */
static const struct observation *first_fault(const struct quiz *q)
{
	for (unsigned i = 0; i < q->nr_seen; i++)
		if (q->seen[i].kind == OBS_PAGE_FAULT)
			return &q->seen[i];
	return NULL;
}

/* Do the access, and say what came of it. false: an access before it has
 * changed its way. */
static bool answer_question(struct quiz *q, unsigned i,
			    const struct question *qu)
{
	const struct observation *fault;
	char split[160];
	struct table_walk w;

	walk(q, qu->addr, &w);
	if (w.nr != qu->before.nr ||
	    w.step[w.nr - 1].at != qu->before.step[w.nr - 1].at)
		return false;
	print_split(q, qu->addr, split, sizeof(split));
	quiz_line(q, "(%c) %s 0x%0*llx: %s", 'a' + i, qu->access, va_digits(q),
		  LL(qu->addr), split);
	print_way(q, &w);
	quiz_do(q, "%u %s 0x%llx%s", PID, qu->access, LL(qu->addr),
		qu->signal ? " !SIGSEGV" : "");
	fault = first_fault(q);
	if (fault)
		print_error(q, (unsigned)fault->b);
	else
		quiz_line(q, "    physical address 0x%08llx",
			  LL(pfn_to_phys(q->m, quiz_frame(q, PID, qu->addr)) +
			     (qu->addr & (PAGE_SIZE(q->m) - 1))));
	return !q->replay.n.mismatches;
}

enum quiz_result quiz_translate(struct quiz *q)
{
	static const char *const machines[] = {
		"linux-3.12-i386", "linux-3.12-i386-pae", "lecture-5555",
		"x86-64"};
	unsigned kinds[] = {1, 2, 3, 4, 5}, asked[QUESTIONS];
	struct question qu[QUESTIONS];
	const char *machine;
	struct layout l;
	bool good = true;

	machine = machines[quiz_below(q, ARRAY_SIZE(machines))];
	if (quiz_user_sets(q, "paging="))
		machine = NULL;
	if (quiz_machine(q, machine, "memory=64M", NULL))
		return QUIZ_BAD;
	if (!draw_layout(q, &l))
		return QUIZ_AGAIN;
	build_tables(q, &l);
	quiz_shuffle(q, kinds, ARRAY_SIZE(kinds));
	asked[0] = 0; /* one that can be translated, and four of the others */
	memcpy(asked + 1, kinds, (QUESTIONS - 1) * sizeof(*kinds));
	quiz_shuffle(q, asked, QUESTIONS);
	for (unsigned i = 0; i < QUESTIONS; i++)
		if (!draw_question(q, &l, asked[i], &qu[i]))
			return QUIZ_AGAIN;
	print_translate(q, qu);
	quiz_answer(q);
	quiz_begin(q);
	for (unsigned i = 0; i < QUESTIONS && good; i++)
		good = answer_question(q, i, &qu[i]);
	quiz_end(q);
	return good ? QUIZ_FINE : QUIZ_AGAIN;
}

/* ---- page-table-size ---- */

#define MAX_PAGES 5u

/* The next page: beside one there is, near it, or anywhere. */
static vaddr_t draw_page(struct quiz *q, const vaddr_t *page, unsigned n)
{
	vaddr_t from = n ? page[quiz_below(q, n)] : 0;

	switch (n ? quiz_below(q, 3) : 2) {
	case 0:
		return from + PAGE_SIZE(q->m);
	case 1:
		return near_page(q, from);
	default:
		return any_page(q);
	}
}

/* Ascending, each once, as far as the draws allow it. */
static unsigned draw_pages(struct quiz *q, vaddr_t *page)
{
	unsigned want = quiz_between(q, 3, MAX_PAGES), n = 0;

	for (unsigned i = 0; i < want; i++) {
		vaddr_t addr = draw_page(q, page, n);
		unsigned at = n;

		if (!in_user_space(q, addr, 1))
			continue;
		while (at && page[at - 1] > addr)
			at--;
		if (at && page[at - 1] == addr)
			continue;
		memmove(page + at + 1, page + at, (n - at) * sizeof(*page));
		page[at] = addr;
		n++;
	}
	return n;
}

/* Tables with an entry, by depth: an entry in another table than the one before
 * it at that depth begins a table. */
struct table_count {
	const struct pg_format *f;
	paddr_t last[PG_MAX_LEVELS];
	unsigned nr[PG_MAX_LEVELS];
};

static void count_table(void *ctx, unsigned depth, unsigned index, ptep_t at,
			pte_t entry __unused_arg, vaddr_t va __unused_arg)
{
	struct table_count *c = ctx;
	paddr_t table = at - (paddr_t)index * c->f->entry_size;

	if (!c->nr[depth] || c->last[depth] != table)
		c->nr[depth]++;
	c->last[depth] = table;
}

static double metric(const struct quiz *q, const char *key)
{
	static const struct measured nothing;

	return metrics[metric_find(key)].value(q->m, &nothing);
}

/* Number of last-level tables. */
static unsigned answer_table_size(struct quiz *q, const vaddr_t *page,
				  unsigned n)
{
	const struct pg_format *f = q->m->fmt;
	struct table_count c = {.f = f};
	uint64_t needed = (uint64_t)metric(q, "tables.end.needed");
	uint64_t taken = (uint64_t)metric(q, "tables.end.bytes");

	quiz_begin(q);
	for (unsigned i = 0; i < n; i++) {
		char split[160];

		print_split(q, page[i], split, sizeof(split));
		quiz_line(q, "0x%0*llx: %s", va_digits(q), LL(page[i]), split);
	}
	quiz_end(q);
	walk_tables(quiz_task(q, PID)->mm, count_table, &c);
	quiz_begin(q);
	for (unsigned d = 0; d < f->nr_levels; d++)
		quiz_line(q, "%-4s %3u x %7llu bytes = %8llu", f->level[d].name,
			  c.nr[d], LL(pg_table_bytes(f, d)),
			  LL(c.nr[d] * pg_table_bytes(f, d)));
	quiz_line(q, "%-4s %27llu bytes", "sum", LL(needed));
	quiz_end(q);
	if (taken != needed)
		quiz_say(q,
			 "Linux takes %llu bytes: whole frames, and tables that it makes together with the topmost one, before they are needed.",
			 "Linux は %llu バイトを使う。テーブルはページフレーム単位で割り当てられ、必要になる前に最上位のテーブルと一緒に作られるものもあるからである。",
			 LL(taken));
	return c.nr[f->nr_levels - 1];
}

enum quiz_result quiz_table_size(struct quiz *q)
{
	static const char *const formats[] = {"paging=flat",
					      "paging=x86-2level",
					      "paging=x86-pae",
					      "paging=lecture-5555"};
	unsigned which = quiz_below(q, ARRAY_SIZE(formats) + 1);
	bool wide = which == ARRAY_SIZE(formats) &&
		    !quiz_user_sets(q, "paging=");
	vaddr_t page[MAX_PAGES];
	const struct pg_format *f;
	unsigned n;

	if (quiz_machine(q, wide ? "x86-64" : "lecture-exercise", "memory=64M",
			 wide ? NULL : formats[which % ARRAY_SIZE(formats)],
			 NULL))
		return QUIZ_BAD;
	n = draw_pages(q, page);
	if (n < 3)
		return QUIZ_AGAIN;
	f = q->m->fmt;
	quiz_do(q, "%u spawn", PID);
	for (unsigned i = 0; i < n; i++) {
		quiz_do(q, "%u mmap 0x%llx 1p rw- private anon fixed", PID,
			LL(page[i]));
		quiz_do(q, "%u write 0x%llx", PID, LL(page[i]));
	}
	quiz_say(q,
		 "Page tables have the format %1$s (%2$s bits), an entry has %3$u bytes. Of a process, the pages at these addresses are mapped, and nothing else:",
		 "ページテーブルの形式は %1$s（%2$s ビット）、エントリは %3$u バイトである。あるプロセスでは、次のアドレスのページだけがマップされている。",
		 f->name, strchr(f->title, ',') ? strchr(f->title, ',') + 2 : f->title,
		 f->entry_size);
	quiz_begin(q);
	for (unsigned i = 0; i < n; i++)
		quiz_line(q, "0x%0*llx", va_digits(q), LL(page[i]));
	quiz_end(q);
	quiz_say(q,
		 "Which tables are needed on each level, and how many bytes do they take together? Draw them.",
		 "各段にどのテーブルが必要か。それらは合わせて何バイトか。図に描け。");
	quiz_answer(q);
	/* all in one table would be no question, unless there is one only */
	return answer_table_size(q, page, n) > 1 || f->nr_levels == 1 ?
		       QUIZ_FINE :
		       QUIZ_AGAIN;
}

/* ---- struct-pages ---- */

static const char *size_text(uint64_t bytes, char *buf, size_t size)
{
	if (bytes % (1 << 30) == 0)
		snprintf(buf, size, "%llu GiB", LL(bytes >> 30));
	else
		snprintf(buf, size, "%llu MiB", LL(bytes >> 20));
	return buf;
}

enum quiz_result quiz_struct_pages(struct quiz *q)
{
	unsigned log = quiz_between(q, 7, 13); /* 128M to 8G */
	unsigned size = 32 + 4 * quiz_below(q, 9);
	unsigned times = quiz_chance(q, 3) ? 3 : 2; /* halves: 3 << (log - 1) */
	uint64_t memory = (uint64_t)times << (log - 1), frames, bytes;
	char set_memory[32], set_size[32], total[32];

	snprintf(set_memory, sizeof(set_memory), "memory=%lluM", LL(memory));
	snprintf(set_size, sizeof(set_size), "struct_page_size=%u", size);
	if (quiz_machine(q, memory > 2048 ? "linux-3.12-i386-pae" : "linux-3.12-i386",
			 set_memory, set_size, NULL))
		return QUIZ_BAD;
	quiz_do(q, "report summary");
	frames = q->m->cfg.memory >> q->m->page_shift;
	bytes = frames * q->m->cfg.struct_page_size;
	quiz_say(q,
		 "A machine has %1$s of memory and pages of %2$u bytes; struct page has %3$u bytes. How much memory do the struct pages take, how many frames is that, and what share of the memory?",
		 "あるマシンのメモリは %1$s、ページは %2$u バイト、struct page は %3$u バイトである。struct page 全体は何バイトか。それは何ページフレームか。メモリの何パーセントか。",
		 size_text(q->m->cfg.memory, total, sizeof(total)),
		 q->m->page_size, q->m->cfg.struct_page_size);
	quiz_answer(q);
	quiz_begin(q);
	quiz_line(q, "%llu / %u = %llu frames", LL(q->m->cfg.memory),
		  q->m->page_size, LL(frames));
	quiz_line(q, "%llu x %u = %llu bytes", LL(frames),
		  q->m->cfg.struct_page_size, LL(bytes));
	quiz_line(q, "%llu frames, %.2f %%",
		  LL(PAGE_ALIGN(q->m, bytes) >> q->m->page_shift),
		  100.0 * (double)bytes / (double)q->m->cfg.memory);
	quiz_end(q);
	quiz_say(q,
		 "The mem_map of the machine itself has %.0f bytes: it describes what lies between the first and the last frame of each zone, without the frames that the firmware keeps at the ends and with any holes in between.",
		 "このマシンの mem_map は実際には %.0f バイトである。各ゾーンの最初から最後までのページフレームを記述し、ファームウェアが両端に確保したものを含まず、途中の穴を含むからである。",
		 metric(q, "kernel.mem_map"));
	return QUIZ_FINE;
}
