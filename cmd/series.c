/* series.c - mmemu replay --series: every metric, every N events, as CSV. */
#include "cmd/series.h"

#include <math.h>
#include <string.h>

int series_open(struct series *s, const char *path, uint64_t every)
{
	memset(s, 0, sizeof(*s));
	if (output_open(&s->out, path))
		return -1;
	s->every = every;
	s->next = every;
	fputs("line", s->out.f);
	for (unsigned i = 0; i < nr_metrics; i++)
		fprintf(s->out.f, ",%s", metrics[i].key);
	putc('\n', s->out.f);
	return 0;
}

static void write_row(struct series *s, const struct replay *r, uint64_t line)
{
	char number[40];

	s->x.events = r->n.events;
	s->x.failed = r->n.failed;
	s->x.signals = r->n.signals;
	s->last_row = r->n.events;
	fprintf(s->out.f, "%llu", (unsigned long long)line);
	for (unsigned i = 0; i < nr_metrics; i++) {
		double v = metrics[i].value(r->m, &s->x);

		number[0] = '\0';
		if (!isnan(v))
			metric_number(v, number, sizeof(number));
		fprintf(s->out.f, ",%s", number);
	}
	putc('\n', s->out.f);
}

void series_event(struct series *s, const struct replay *r,
		  const struct event *ev)
{
	uint64_t made = r->m->stats.tables_allocated;

	if (ev->kind == EV_FORK)
		s->x.fork_tables += made - s->tables_made;
	s->tables_made = made;
	measure_peak(&s->x, r->m);
	if (r->n.events < s->next)
		return;
	s->next += s->every;
	write_row(s, r, ev->line);
}

int series_close(struct series *s, const struct replay *r, bool keep)
{
	if (!s->out.f)
		return 0;
	if (keep && r->n.events != s->last_row)
		write_row(s, r, 0);
	return output_close(&s->out, keep);
}
