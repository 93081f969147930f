/*
 * explain_write.c - the story as indented text and as JSON.
 *
 *   do_page_fault(address=0x20000000, error_code=7 (write, user, page present))
 *     __do_page_fault(...)
 *       find_vma(...) = 0x20000000-0x20004000 rw-p
 *       . good_area: ...
 *       ... 3 more of the same
 */
#include "formats/explain.h"
#include "formats/json.h"
#include "formats/memory_stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* 1012 as "1,012". */
static void write_grouped(uint64_t n, FILE *out)
{
	if (n >= 1000) {
		write_grouped(n / 1000, out);
		fprintf(out, ",%03" PRIu64, n % 1000);
	} else {
		fprintf(out, "%" PRIu64, n);
	}
}

/* ---- text ---- */

static void write_more(const struct story_node *n, enum lang lang, FILE *out)
{
	bool group = n->period > 1;

	fprintf(out, "%*s... ", 2 * n->depth, "");
	if (lang == LANG_JA) {
		if (group)
			fprintf(out, "上の %u 行の組が", n->period);
		else
			fputs("同じものが", out);
		fputs("さらに ", out);
		write_grouped(n->more, out);
		fputs(" 回続く\n", out);
		return;
	}
	write_grouped(n->more, out);
	if (group)
		fprintf(out, " more of these %u\n", n->period);
	else
		fputs(" more of the same\n", out);
}

static void write_lost(uint64_t lost, enum lang lang, FILE *out)
{
	if (!lost)
		return;
	fputs("... ", out);
	write_grouped(lost, out);
	fputs(lang == LANG_JA ? " 行は長すぎるため省略\n" :
				" lines more: too many to keep\n",
	      out);
}

/* `more` of a call stands behind what is below it. */
struct pending {
	uint32_t node[STORY_MAX_DEPTH + 1];
	bool is[STORY_MAX_DEPTH + 1];
};

static void flush_pending(const struct explain *e, struct pending *p,
			  unsigned from, unsigned depth, enum lang lang,
			  FILE *out)
{
	for (unsigned d = STORY_MAX_DEPTH + 1; d-- > from;) {
		if (p->is[d] && (!depth || d < depth))
			write_more(&e->node[p->node[d]], lang, out);
		p->is[d] = false;
	}
}

void explain_text(const struct explain *e, enum lang lang, unsigned depth,
		  FILE *out)
{
	struct pending p;

	memset(&p, 0, sizeof(p));
	for (uint32_t i = 0; i < e->nr; i++) {
		const struct story_node *n = &e->node[i];

		flush_pending(e, &p, n->depth, depth, lang, out);
		if (n->more) {
			p.is[n->depth] = true;
			p.node[n->depth] = i;
		}
		if (depth && n->depth >= depth)
			continue;
		fprintf(out, "%*s%s", 2 * n->depth, "",
			n->kind == OBS_CALL ? "" : ". ");
		explain_words(e->m, n, lang, out);
		putc('\n', out);
	}
	flush_pending(e, &p, 0, depth, lang, out);
	write_lost(e->lost, lang, out);
}

/* ---- JSON ---- */

static const char *const kind_name[NR_OBSERVATIONS] = {
#define OBSERVATION(name, text) [OBS_##name] = #name,
#include "core/observer.def"
#undef OBSERVATION
};

static void write_json_words(const struct explain *e,
			     const struct story_node *n, enum lang lang,
			     FILE *out)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = memory_stream(&e->m->host, &text, &size);

	explain_words(e->m, n, lang, f);
	fclose(f);
	json_string(text, size, out);
	free(text);
}

static void write_json_node(const struct explain *e, uint32_t i,
			    enum lang lang, FILE *out)
{
	const struct story_node *n = &e->node[i];

	fputs("{\"kind\": ", out);
	json_string(kind_name[n->kind], strlen(kind_name[n->kind]), out);
	fputs(", \"func\": ", out);
	json_string(n->func, strlen(n->func), out);
	fputs(", \"text\": ", out);
	write_json_words(e, n, lang, out);
	fprintf(out, ", \"depth\": %u", n->depth);
	if (n->more)
		fprintf(out, ", \"more\": %u, \"period\": %u", n->more,
			n->period);
	fputs(", \"children\": [", out);
}

/* The brackets of all that is open from this depth on. */
static void close_nodes(unsigned *open, unsigned depth, FILE *out)
{
	for (; *open > depth; --*open)
		fputs("]}", out);
}

void explain_json(const struct explain *e, enum lang lang, FILE *out)
{
	unsigned open = 0;

	putc('[', out);
	for (uint32_t i = 0; i < e->nr; i++) {
		unsigned depth = e->node[i].depth;

		if (open > depth) {
			close_nodes(&open, depth, out);
			fputs(", ", out);
		}
		write_json_node(e, i, lang, out);
		open++;
	}
	close_nodes(&open, 0, out);
	putc(']', out);
}
