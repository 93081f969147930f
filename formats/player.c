/*
 * player.c - one state after another, as differences in JSON.
 *
 *   machine ─► collectors ─► records now ─┐
 *                                         ├─► what is new, what has gone
 *              records told last ─────────┘
 *
 * Everything is collected anew in each step: what is told cannot depend on the
 * way that led there, and a structure that changed behind somebody's back is
 * seen. Comparing is a merge of two sorted arrays, a millisecond a step.
 *
 * Numbers are exact in JavaScript: below 2^53, or addresses of pages, whose
 * low bits are 0. Entries come as two halves, their addresses as page numbers.
 */
#include "formats/player.h"
#include "core/buddy.h"
#include "core/pgtable.h"
#include "formats/json.h"
#include "formats/player_internal.h"
#include "formats/memory_stream.h"

#include <stdlib.h>
#include <string.h>

/* keys and words of each, and its name in the page */
static const struct {
	const char *name;
	unsigned keys, words;
} kinds[NR_PLAYER_SECTIONS] = {
	[PLAYER_TASKS] = {"task", 1, 7},    [PLAYER_MMS] = {"mm", 1, 8},
	[PLAYER_AREAS] = {"area", 2, 3},    [PLAYER_ENTRIES] = {"entry", 2, 6},
	[PLAYER_FRAMES] = {"frame", 1, 7},  [PLAYER_CACHES] = {"cache", 1, 9},
	[PLAYER_SLABS] = {"slab", 2, 1},    [PLAYER_COUNTERS] = {"counter", 1, 2},
};

FILE *player_text_begin(struct player *p)
{
	free(p->text);
	p->text = NULL;
	return memory_stream(&p->m->host, &p->text, &p->text_size);
}

const char *player_text_end(struct player *p, FILE *f)
{
	fclose(f);
	return p->text;
}

struct player *player_new(const struct machine *m)
{
	struct player *p = host_alloc(&m->host, sizeof(*p));

	p->m = m;
	for (unsigned i = 0; i < NR_PLAYER_SECTIONS; i++) {
		p->section[i].keys = kinds[i].keys;
		p->section[i].words = kinds[i].words;
		p->section[i].ctx = p;
	}
	p->section[PLAYER_ENTRIES].more = player_name_entry;
	return p;
}

void player_free(struct player *p)
{
	const struct host_ops *host;

	if (!p)
		return;
	host = &p->m->host;
	for (unsigned i = 0; i < NR_PLAYER_SECTIONS; i++)
		section_free(host, &p->section[i]);
	for (size_t i = 0; i < ARRAY_SIZE(p->list); i++)
		frame_list_free(host, &p->list[i]);
	string_table_free(host, &p->strings);
	string_table_free(host, &p->lines);
	host_free(host, p->file_name, p->nr_file_names * sizeof(*p->file_name));
	free(p->text);
	host_free(host, p, sizeof(*p));
}

/* ---- what never changes ---- */

static void put_format(const struct machine *m, FILE *out)
{
	const struct pg_format *f = m->fmt;

	fputs("\"format\":{\"name\":", out);
	json_string_html(f->name, strlen(f->name), out);
	fprintf(out, ",\"digits\":%d,\"kernel\":%llu,\"entries\":%llu,\"levels\":[",
		2 * f->entry_size, (unsigned long long)kernel_root_index(m),
		(unsigned long long)pg_table_entries(f, 0));
	for (unsigned d = 0; d < f->nr_levels; d++)
		fprintf(out, "%s[\"%s\",%u,%u]", d ? "," : "", f->level[d].name,
			f->level[d].shift, f->level[d].index_bits);
	fputs("]}", out);
}

static void put_zones(const struct machine *m, FILE *out)
{
	const struct zone *z;

	fputs("\"zones\":[", out);
	for_each_zone (z, m)
		fprintf(out, "%s[\"%s\",%u,%u]", z == m->zone ? "" : ",",
			z->name && populated_zone(z) ? z->name : "",
			z->zone_start_pfn, zone_end_pfn(z));
	fputs("],\"types\":[", out);
	for (unsigned t = 0; t < MIGRATE_TYPES; t++)
		fprintf(out, "%s\"%s\"", t ? "," : "", migratetype_names[t]);
	fprintf(out, "],\"orders\":%d", MAX_ORDER);
}

void player_head(const struct player *p, FILE *out)
{
	const struct machine *m = p->m;

	fputs("\"machine\":", out);
	json_string_html(m->cfg.name, strlen(m->cfg.name), out);
	fprintf(out, ",\"page_shift\":%u,\"frames\":%u,\"zero\":%u,",
		m->page_shift, m->max_pfn, m->zero_pfn);
	put_format(m, out);
	putc(',', out);
	put_zones(m, out);
	putc(',', out);
	player_put_ram(p, out);
}

/* ---- a step ---- */

static void tell_lists(struct player *p, const char **comma, FILE *out)
{
	FILE *f = player_text_begin(p);
	const char *inner = "";

	for (unsigned i = 0; i < ARRAY_SIZE(p->list); i++)
		frame_list_tell(&p->list[i], i, &inner, f);
	player_text_end(p, f);
	if (!*p->text)
		return;
	fprintf(out, "%s\"list\":[%s]", *comma, p->text);
	*comma = ",";
}

void player_step(struct player *p, FILE *out)
{
	const char *comma = "";

	player_tasks(p);
	player_entries(p);
	player_frames(p);
	player_lists(p);
	player_slabs(p);
	player_counters(p);
	for (unsigned i = 0; i < NR_PLAYER_SECTIONS; i++)
		section_tell(&p->m->host, &p->section[i], kinds[i].name, &comma,
			     out);
	tell_lists(p, &comma, out);
}

void player_strings(const struct player *p, FILE *out)
{
	putc('[', out);
	for (uint32_t i = 0; i < p->strings.nr; i++) {
		const char *s = p->strings.text[i];

		fputs(i ? ",\n" : "", out);
		json_string_html(s, strlen(s), out);
	}
	putc(']', out);
}
