/*
 * explain_words.c - told values in words.
 *
 * The sentences are in explain_calls.def (what a function was called with) and
 * explain_text.def (what was told, in each language). They hold values:
 *
 *   {a} {b} {c} {d}     a value, decimal
 *   {a:TYPE}            in the form of a type below
 *   {a?yes|no}          the one if it is not 0, else the other
 *   {a#zero|one|two}    by number; the last one for all above
 *
 * Texts of a choice may hold values again.
 */
#include "core/buddy.h"
#include "core/gfp.h"
#include "core/memcontrol.h"
#include "core/mm.h"
#include "core/mmap.h"
#include "core/mmu.h"
#include "core/page_alloc.h"
#include "core/task.h"
#include "formats/explain.h"
#include "formats/report.h"

#include <inttypes.h>
#include <string.h>

/* What a sentence is made from. */
struct words {
	const struct machine *m;
	const uint64_t *v;
	enum lang lang;
	FILE *out;
};

/* ---- sets of flags ---- */

struct flag_word {
	uint64_t flag;
	const char *text[NR_LANGS];
};

/* Those that are set, separated; `none` if there are none. */
static void write_flag_words(const struct words *w, const struct flag_word *f,
			     size_t nr, uint64_t flags, const char *separator,
			     const char *none)
{
	bool any = false;

	for (size_t i = 0; i < nr; i++) {
		if (!(flags & f[i].flag))
			continue;
		if (any)
			fputs(separator, w->out);
		fputs(f[i].text[w->lang], w->out);
		any = true;
	}
	if (!any)
		fputs(none, w->out);
}

#define NAMED(flag) {flag, {#flag, #flag}}
#define WRITE_NAMES(w, table, flags) \
	write_flag_words(w, table, ARRAY_SIZE(table), flags, "|", "0")

/* The bits of the error code that the CPU pushes, as prose. */
static void write_error(const struct words *w, uint64_t code)
{
	static const char *const access[NR_LANGS][3] = {
		{"read", "write", "fetch"},
		{"読み込み", "書き込み", "命令フェッチ"}};
	static const char *const mode[NR_LANGS][2] = {
		{"kernel", "user"}, {"カーネルモード", "ユーザモード"}};
	static const char *const page[NR_LANGS][2] = {
		{"page not present", "page present"},
		{"ページは非存在", "ページは存在"}};
	const char *comma = w->lang == LANG_JA ? "、" : ", ";

	fprintf(w->out, "%s%s%s%s%s",
		access[w->lang][code & PF_INSTR ? 2 : (code & PF_WRITE) != 0],
		comma, mode[w->lang][(code & PF_USER) != 0], comma,
		page[w->lang][code & PF_PROT]);
}

void write_vm_flags(uint64_t flags, FILE *out)
{
	static const struct {
		uint64_t flag;
		const char *text;
	} more[] = {{VM_GROWSDOWN, "growsdown"}, {VM_LOCKED, "locked"},
		    {VM_DONTCOPY, "dontcopy"},	 {VM_NONLINEAR, "nonlinear"},
		    {VM_MERGEABLE, "mergeable"}};

	fprintf(out, "%c%c%c%c", flags & VM_READ ? 'r' : '-',
		flags & VM_WRITE ? 'w' : '-', flags & VM_EXEC ? 'x' : '-',
		flags & VM_MAYSHARE ? 's' : 'p');
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		if (flags & more[i].flag)
			fprintf(out, " %s", more[i].text);
}

/* The largest names first: GFP_HIGHUSER_MOVABLE|__GFP_ZERO. */
static void write_gfp(const struct words *w, uint64_t gfp)
{
	const struct gfp_name *best;
	const char *bar = "";

	if (!gfp) {
		fputs("GFP_NOWAIT", w->out);
		return;
	}
	while (gfp) {
		best = NULL;
		for (unsigned i = 0; i < nr_gfp_names; i++) {
			const struct gfp_name *g = &gfp_names[i];

			if (g->value && (gfp & g->value) == g->value &&
			    (!best || __builtin_popcount(g->value) >
					      __builtin_popcount(best->value)))
				best = g;
		}
		if (!best) {
			fprintf(w->out, "%s0x%" PRIx64, bar, gfp);
			return;
		}
		fprintf(w->out, "%s%s", bar, best->name);
		gfp &= ~(uint64_t)best->value;
		bar = "|";
	}
}

static void write_prot(const struct words *w, uint64_t prot)
{
	fprintf(w->out, "%c%c%c", prot & PROT_READ_EMU ? 'r' : '-',
		prot & PROT_WRITE_EMU ? 'w' : '-',
		prot & PROT_EXEC_EMU ? 'x' : '-');
}

static void write_map(const struct words *w, uint64_t flags)
{
	static const struct flag_word names[] = {
		{MAP_SHARED_EMU, {"MAP_SHARED", "MAP_SHARED"}},
		{MAP_PRIVATE_EMU, {"MAP_PRIVATE", "MAP_PRIVATE"}},
		{MAP_FIXED_EMU, {"MAP_FIXED", "MAP_FIXED"}},
		{MAP_ANONYMOUS_EMU, {"MAP_ANONYMOUS", "MAP_ANONYMOUS"}},
		{MAP_GROWSDOWN_EMU, {"MAP_GROWSDOWN", "MAP_GROWSDOWN"}},
		{MAP_LOCKED_EMU, {"MAP_LOCKED", "MAP_LOCKED"}},
		{MAP_NORESERVE_EMU, {"MAP_NORESERVE", "MAP_NORESERVE"}},
		{MAP_POPULATE_EMU, {"MAP_POPULATE", "MAP_POPULATE"}},
		{MAP_NONBLOCK_EMU, {"MAP_NONBLOCK", "MAP_NONBLOCK"}},
		{MAP_STACK_EMU, {"MAP_STACK", "MAP_STACK"}},
	};

	WRITE_NAMES(w, names, flags);
}

static void write_clone(const struct words *w, uint64_t flags)
{
	static const struct flag_word names[] = {
		{CLONE_VM_EMU, {"CLONE_VM", "CLONE_VM"}},
		{CLONE_FS_EMU, {"CLONE_FS", "CLONE_FS"}},
		{CLONE_FILES_EMU, {"CLONE_FILES", "CLONE_FILES"}},
		{CLONE_SIGHAND_EMU, {"CLONE_SIGHAND", "CLONE_SIGHAND"}},
		{CLONE_VFORK_EMU, {"CLONE_VFORK", "CLONE_VFORK"}},
	};

	WRITE_NAMES(w, names, flags);
}

static void write_alloc(const struct words *w, uint64_t flags)
{
	static const char *const marks[] = {"ALLOC_WMARK_MIN",
					    "ALLOC_WMARK_LOW",
					    "ALLOC_WMARK_HIGH"};
	static const struct flag_word names[] = {NAMED(ALLOC_HARDER),
						 NAMED(ALLOC_HIGH),
						 NAMED(ALLOC_CPUSET)};

	if (flags & ALLOC_NO_WATERMARKS)
		fputs("ALLOC_NO_WATERMARKS", w->out);
	else
		fputs(marks[min_t(uint64_t, flags & ALLOC_WMARK_MASK, 2)],
		      w->out);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			fprintf(w->out, "|%s", names[i].text[w->lang]);
}

static void write_fault(const struct words *w, uint64_t bits)
{
	static const struct flag_word names[] = {
		NAMED(VM_FAULT_OOM), NAMED(VM_FAULT_SIGBUS),
		NAMED(VM_FAULT_MAJOR), NAMED(VM_FAULT_WRITE)};

	WRITE_NAMES(w, names, bits);
}

/* ---- single values ---- */

static void write_x(const struct words *w, uint64_t v)
{
	fprintf(w->out, v ? "0x%" PRIx64 : "0", v);
}

static void write_signed(const struct words *w, uint64_t v)
{
	fprintf(w->out, "%d", (int)(int32_t)(uint32_t)v);
}

static void write_plus(const struct words *w, uint64_t v)
{
	fprintf(w->out, "%" PRIu64, v + 1);
}

static void write_less(const struct words *w, uint64_t v)
{
	fprintf(w->out, "%" PRIu64, v - 1);
}

static void write_pfn(const struct words *w, uint64_t pfn)
{
	fprintf(w->out, "0x%05" PRIx64, pfn);
}

static void write_size(const struct words *w, uint64_t bytes)
{
	if (bytes >= 1 << 20 && !(bytes & ((1 << 20) - 1)))
		fprintf(w->out, "%" PRIu64 "M", bytes >> 20);
	else if (bytes >= 1 << 10 && !(bytes & ((1 << 10) - 1)))
		fprintf(w->out, "%" PRIu64 "K", bytes >> 10);
	else
		fprintf(w->out, "%" PRIu64, bytes);
}

static void write_zone(const struct words *w, uint64_t zone)
{
	fputs(zone < MAX_NR_ZONES ? w->m->zone[zone].name : "?", w->out);
}

static void write_mt(const struct words *w, uint64_t mt)
{
	fputs(mt < MIGRATE_TYPES ? migratetype_names[mt] : "?", w->out);
}

static void write_lru(const struct words *w, uint64_t lru)
{
	static const char *const names[NR_LRU_LISTS] = {
		"LRU_INACTIVE_ANON", "LRU_ACTIVE_ANON", "LRU_INACTIVE_FILE",
		"LRU_ACTIVE_FILE", "LRU_UNEVICTABLE"};

	fputs(lru < NR_LRU_LISTS ? names[lru] : "?", w->out);
}

/* A cache that is gone by now has no name any more. */
static void write_cache(const struct words *w, uint64_t kobj)
{
	const struct kmem_cache *s;

	list_for_each_entry(s, &w->m->slab_caches, list) {
		if (s->kobj == kobj) {
			fputs(s->name, w->out);
			return;
		}
	}
	write_x(w, kobj);
}

/* The same of a memory cgroup. */
static void write_memcg(const struct words *w, uint64_t id)
{
	const struct memcontrol *c = w->m->memcg;

	if (c && id < c->nr_groups && c->group[id])
		fputs(c->group[id]->path, w->out);
	else
		fprintf(w->out, "%" PRIu64, id);
}

static void write_level(const struct words *w, uint64_t id)
{
	int d = id < PG_MAX_LEVELS ? w->m->level_depth[id] : -1;

	fputs(d < 0 ? "?" : w->m->fmt->level[d].name, w->out);
}

static void write_entry(const struct words *w, uint64_t v)
{
	if (v)
		write_pte(w->m, __pte(v), w->out);
	else
		fputs(w->lang == LANG_JA ? "空" : "empty", w->out);
}

static void write_signal(const struct words *w, uint64_t signal)
{
	fputs(signal == EMU_SIGSEGV ? "SIGSEGV" :
	      signal == EMU_SIGBUS  ? "SIGBUS" :
				      "SIGKILL",
	      w->out);
}

static void write_code(const struct words *w, uint64_t code)
{
	static const char *const names[] = {"", "SEGV_MAPERR", "SEGV_ACCERR"};

	/* BUS_ADRERR has a number of these, but comes with SIGBUS */
	if (w->v[1] == EMU_SIGBUS)
		fputs("BUS_ADRERR", w->out);
	else if (code < ARRAY_SIZE(names))
		fputs(names[code], w->out);
}

static void write_result(const struct words *w, uint64_t v)
{
	if (IS_ERR_VALUE(v))
		fputs("-ENOMEM", w->out);
	else
		write_x(w, v);
}

static void write_vm(const struct words *w, uint64_t flags)
{
	write_vm_flags(flags, w->out);
}

static const struct value_type {
	const char *name;
	void (*write)(const struct words *w, uint64_t v);
} types[] = {
	{"x", write_x},		    {"pfn", write_pfn},
	{"pte", write_entry},	    {"gfp", write_gfp},
	{"vm", write_vm},	    {"zone", write_zone},
	{"mt", write_mt},	    {"cache", write_cache},
	{"size", write_size},	    {"error", write_error},
	{"prot", write_prot},	    {"map", write_map},
	{"clone", write_clone},	    {"alloc", write_alloc},
	{"fault", write_fault},	    {"signal", write_signal},
	{"code", write_code},	    {"level", write_level},
	{"lru", write_lru},	    {"signed", write_signed},
	{"plus", write_plus},	    {"less", write_less},
	{"result", write_result},   {"memcg", write_memcg},
};

/* ---- sentences ---- */

/* The end of what begins at s: `}` or `|` on this level. */
static const char *piece_end(const char *s)
{
	for (int depth = 0; *s; s++) {
		if (!depth && (*s == '}' || *s == '|'))
			break;
		depth += (*s == '{') - (*s == '}');
	}
	return s;
}

static void write_sentence(const struct words *w, const char *s,
			   const char *end);

/* {v?yes|no}, {v#zero|one|...}: s is behind the sign. Returns the `}`. */
static const char *write_choice(const struct words *w, const char *s,
				uint64_t which)
{
	const char *end = piece_end(s);

	for (; which && *end == '|'; which--) {
		s = end + 1;
		end = piece_end(s);
	}
	write_sentence(w, s, end);
	while (*end == '|')
		end = piece_end(end + 1);
	return end;
}

static void write_typed(const struct words *w, const char *type, size_t len,
			uint64_t v)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strlen(types[i].name) == len &&
		    !memcmp(types[i].name, type, len)) {
			types[i].write(w, v);
			return;
		}
	}
	mm_assert(!"a sentence has a type that there is not");
}

/* s is at the letter behind `{`. Returns the `}`. */
static const char *write_value(const struct words *w, const char *s)
{
	uint64_t v = w->v[*s - 'a'];
	const char *end;

	s++;
	if (*s == '?')
		return write_choice(w, s + 1, !v);
	if (*s == '#')
		return write_choice(w, s + 1, v);
	end = piece_end(s);
	if (*s == ':')
		write_typed(w, s + 1, (size_t)(end - s - 1), v);
	else
		fprintf(w->out, "%" PRIu64, v);
	return end;
}

static void write_sentence(const struct words *w, const char *s,
			   const char *end)
{
	for (; s < end; s++) {
		if (*s == '{')
			s = write_value(w, s + 1);
		else
			putc(*s, w->out);
	}
}

/* ---- tables ---- */

static const char *const told[NR_OBSERVATIONS][NR_LANGS] = {
#define TOLD(kind, en, ja) [OBS_##kind] = {en, ja},
#define SAID(func, en, ja)
#include "formats/explain_text.def"
#undef TOLD
#undef SAID
};

/* Whatever can be observed has its sentence. */
enum {
#define TOLD(kind, en, ja) +1
#define SAID(func, en, ja)
	NR_TOLD = 0
#include "formats/explain_text.def"
#undef TOLD
#undef SAID
};
_Static_assert(NR_TOLD == (int)NR_OBSERVATIONS, "a row of explain_text.def each");

static const struct remark {
	const char *func, *text[NR_LANGS];
} remarks[] = {
#define TOLD(kind, en, ja)
#define SAID(func, en, ja) {#func, {en, ja}},
#include "formats/explain_text.def"
#undef TOLD
#undef SAID
};

static const struct call_words {
	const char *func, *values;
} calls[] = {
#define CALL(func, values) {#func, values},
#include "formats/explain_calls.def"
#undef CALL
};

static void write_all(const struct words *w, const char *s)
{
	write_sentence(w, s, s + strlen(s));
}

/* "func(values) -- remark"; values may go on behind the parenthesis. */
static void write_call(const struct words *w, const char *func)
{
	const char *values = "";

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (!strcmp(calls[i].func, func))
			values = calls[i].values;
	fprintf(w->out, "%s(", func);
	write_all(w, values);
	if (!strstr(values, ") "))
		putc(')', w->out);
	for (size_t i = 0; i < ARRAY_SIZE(remarks); i++) {
		if (!strcmp(remarks[i].func, func)) {
			fputs(w->lang == LANG_JA ? " … " : " -- ", w->out);
			write_all(w, remarks[i].text[w->lang]);
		}
	}
}

void explain_words(const struct machine *m, const struct story_node *node,
		   enum lang lang, FILE *out)
{
	const struct words w = {.m = m, .v = node->v, .lang = lang, .out = out};

	if (node->kind == OBS_CALL)
		write_call(&w, node->func);
	else
		write_all(&w, told[node->kind][lang]);
}
