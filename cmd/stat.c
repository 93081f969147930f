/*
 * stat.c - mmemu stat: what is in a trace, without a machine.
 *
 * Without a machine an address that a name stands for is not known; each name is
 * a region of its own then. Processes have their own pages: those that a child
 * shares with its parent count twice, except those of clone and vfork. A program
 * and the one it executes are one process.
 */
#include "cmd/command.h"
#include "cmd/options.h"
#include "trace/page_stats.h"
#include "trace/reader.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: mmemu stat TRACE [OPTION]...\n"
	"\n"
	"Says what is in a trace: statements by kind, processes, the pages they touch,\n"
	"the working-set curve, and reuse distances (sampled above 8192 pages). Time is\n"
	"counted in accesses of a page.\n"
	"\n"
	"  -q, --quick           only what a binary trace's index knows\n"
	"      --page-size N     bytes, a power of two (4096)\n"
	"      --salvage         use a damaged or truncated binary trace up to there\n"
	"  -h, --help            this\n"
	"\n"
	"Example:\n"
	"  mmemu stat traces/recorded/sort.trace.zst\n";

/* of one access; no machine has more frames */
#define MAX_PAGES ((uint64_t)1 << 24)

struct process {
	uint32_t pid, parent;
	uint32_t owner; /* whose pages it has: itself, or who it was cloned of */
	uint64_t events, accesses, first_line, last_line;
};

struct stat_run {
	struct trace_reader reader;
	struct names names;
	struct page_stats pages;
	struct process *process;
	uint32_t nr, max;
	uint32_t at;	/* of the last one asked for */
	unsigned shift; /* of a page */
	uint64_t statements, events, kinds[NR_EVENT_KINDS];
	bool quick, salvage;
};

/* Traces have few processes at a time, and take turns seldom. */
static struct process *process_of(struct stat_run *s, uint32_t pid)
{
	if (s->at < s->nr && s->process[s->at].pid == pid)
		return &s->process[s->at];
	for (s->at = s->nr; s->at-- > 0;)
		if (s->process[s->at].pid == pid)
			return &s->process[s->at];
	if (s->nr == s->max) {
		uint32_t max = s->max ? 2 * s->max : 64;

		s->process = host_realloc(&cmd_host, s->process,
					  s->max * sizeof(*s->process),
					  max * sizeof(*s->process));
		s->max = max;
	}
	s->at = s->nr++;
	s->process[s->at] = (struct process){.pid = pid, .owner = pid};
	return &s->process[s->at];
}

/* ---- events ---- */

static uint64_t bytes_of(const struct stat_run *s, const struct quantity *q)
{
	return q->bytes + ((uint64_t)q->pages << s->shift) +
	       ((uint64_t)q->label << 52);
}

static void count_range(struct stat_run *s, uint32_t owner, unsigned kind,
			uint64_t addr, uint64_t len)
{
	uint64_t page = addr >> s->shift, last;

	if (!len)
		return;
	last = addr + len - 1 < addr ? UINT64_MAX >> s->shift
				     : (addr + len - 1) >> s->shift;
	last = min_t(uint64_t, last, page + MAX_PAGES - 1);
	for (;; page++) {
		page_stats_access(&s->pages, owner, page, kind);
		if (page == last || interrupted)
			break;
	}
}

static void count_access(struct stat_run *s, uint32_t owner,
			 const struct event *ev)
{
	uint64_t addr = bytes_of(s, &ev->x[X_ADDR]), len = 1, stride, last;

	if (EV_HAS(ev, X_LEN))
		len = bytes_of(s, &ev->x[X_LEN]);
	else if (ev->flags & EVF_VALUE)
		len = ev->value_len;
	if (!EV_HAS(ev, X_ARG)) {
		count_range(s, owner, ev->kind, addr, len);
		return;
	}
	stride = bytes_of(s, &ev->x[X_ARG]);
	last = addr + len - 1;
	for (; len && !interrupted; addr += stride) {
		count_range(s, owner, ev->kind, addr, 1);
		if (last - addr < stride || !stride)
			break;
	}
}

static void count_child(struct stat_run *s, const struct event *ev)
{
	uint32_t owner = process_of(s, ev->pid)->owner;
	struct process *child = process_of(s, ev->pid2);

	child->parent = ev->pid;
	child->owner = ev->kind == EV_FORK ? ev->pid2 : owner;
	if (!child->first_line)
		child->first_line = ev->line;
}

static void count_event(struct stat_run *s, const struct event *ev)
{
	struct process *p;

	s->statements++;
	s->kinds[ev->kind]++;
	if (event_types[ev->kind].actor != ACTOR_NONE)
		s->events++;
	if (event_types[ev->kind].actor != ACTOR_PID)
		return;
	p = process_of(s, ev->pid);
	p->events++;
	p->last_line = ev->line;
	if (!p->first_line)
		p->first_line = ev->line;
	if (ev->kind <= EV_FETCH) {
		p->accesses++;
		count_access(s, p->owner, ev);
	} else if (ev->kind == EV_EXEC) {
		p->owner = p->pid;
	} else if (ev->kind == EV_FORK || ev->kind == EV_VFORK ||
		   ev->kind == EV_CLONE) {
		count_child(s, ev);
	}
}

static void count_run(struct stat_run *s, const struct access_run *run)
{
	struct process *p = process_of(s, run->pid);

	s->statements += run->n;
	s->events += run->n;
	p->events += run->n;
	p->accesses += run->n;
	p->last_line = run->line + run->n - 1;
	if (!p->first_line)
		p->first_line = run->line;
	for (unsigned k = 0; k < 3; k++)
		s->kinds[k] += run->count[k];
	for (uint32_t i = 0; i < run->n; i++) {
		uint64_t acc = run->acc[i], len = acc_len(acc);

		count_range(s, p->owner, acc_kind(acc), acc_addr(acc),
			    len ? len : 1);
	}
}

/* ---- printing ---- */

static void print_kinds(const uint64_t kinds[NR_EVENT_KINDS])
{
	static const char *const actors[] = {
		[ACTOR_NONE] = "", [ACTOR_PID] = "", [ACTOR_KERNEL] = "kernel "};

	printf("==> statements by kind <==\n");
	for (unsigned i = 0; i < NR_EVENT_KINDS; i++)
		if (kinds[i])
			printf("  %s%-*s %12llu\n",
			       actors[event_types[i].actor],
			       event_types[i].actor == ACTOR_KERNEL ? 18 : 25,
			       event_types[i].word,
			       (unsigned long long)kinds[i]);
}

static void print_head(const struct stat_run *s, uint64_t statements,
		       uint64_t events, uint64_t accesses)
{
	const struct trace_reader *r = &s->reader;

	printf("==> trace <==\n");
	printf("  %-25s %12s\n", "form", r->is_binary ? "binary" : "text");
	if (r->text.stream.raw_size) {
		printf("  %-25s %12llu\n", "bytes",
		       (unsigned long long)r->text.stream.raw_size);
		if (accesses)
			printf("  %-25s %12.3f\n", "bytes an access",
			       (double)r->text.stream.raw_size /
				       (double)accesses);
	}
	printf("  %-25s %12llu\n  %-25s %12llu\n  %-25s %12llu\n", "statements",
	       (unsigned long long)statements, "events",
	       (unsigned long long)events, "access events",
	       (unsigned long long)accesses);
	if (r->is_binary)
		printf("  %-25s %12s\n", "sees contents",
		       trace_sees_no_contents(r) ? "no" : "yes");
	if (r->is_binary && r->binary.metadata_len)
		fputs(r->binary.metadata, stdout);
}

static int by_pid(const void *a, const void *b)
{
	const struct process *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static void print_processes(struct stat_run *s)
{
	if (s->nr)
		qsort(s->process, s->nr, sizeof(*s->process), by_pid);
	printf("==> processes <==\n  %8s %8s %12s %12s %12s %12s\n", "pid",
	       "parent", "events", "accesses", "first line", "last line");
	for (uint32_t i = 0; i < s->nr; i++) {
		const struct process *p = &s->process[i];

		printf("  %8u %8u %12llu %12llu %12llu %12llu\n", p->pid,
		       p->parent, (unsigned long long)p->events,
		       (unsigned long long)p->accesses,
		       (unsigned long long)p->first_line,
		       (unsigned long long)p->last_line);
	}
}

static void print_footprint(const struct stat_run *s)
{
	static const char *const how[8] = {
		NULL, "read", "written", "read and written", "fetched",
		"read and fetched", "written and fetched", "in all three ways"};

	printf("==> footprint, pages of %u bytes <==\n  %-25s %12llu\n",
	       1u << s->shift, "pages", (unsigned long long)s->pages.pages);
	for (unsigned i = 1; i < 8; i++)
		if (s->pages.by_kinds[i])
			printf("  %-25s %12llu\n", how[i],
			       (unsigned long long)s->pages.by_kinds[i]);
}

static void print_working_set(const struct stat_run *s)
{
	printf("==> working set <==\n  %14s %14s\n", "last accesses",
	       "pages, average");
	for (unsigned log = 0; log < 64; log++) {
		printf("  %14llu %14.2f\n", 1ull << log,
		       page_stats_working_set(&s->pages, log));
		if (1ull << log >= s->pages.time)
			break;
	}
}

/* An LRU memory of as many frames misses what is further, and what is new. */
static void print_reuse(const struct stat_run *s)
{
	const struct page_stats *p = &s->pages;
	double all = p->cold, left;

	for (unsigned k = 0; k < LOG_BUCKETS; k++)
		all += p->reuse[k];
	left = all;
	printf("==> reuse distance");
	if (p->threshold < 1u << 24)
		printf(", one page in %.1f", (double)(1u << 24) / p->threshold);
	printf(" <==\n  %14s %14s %14s %14s\n", "other pages", "accesses",
	       "frames", "LRU misses");
	for (unsigned k = 0; k < LOG_BUCKETS && all > 0; k++) {
		uint64_t low = k ? 1ull << (k - 1) : 0;

		left -= p->reuse[k];
		printf("  %14llu %14.0f %14llu %13.6f%%\n",
		       (unsigned long long)low, p->reuse[k],
		       (unsigned long long)(k ? 2 * low : 1), 100 * left / all);
		if (left <= p->cold + 0.5)
			break;
	}
	printf("  %14s %14.0f\n", "first access", p->cold);
}

/* ---- */

static int quick(struct stat_run *s)
{
	struct binary_totals t;
	uint64_t blocks;

	if (!s->reader.is_binary)
		return complain("%s: a text trace has no index, leave out --quick",
				trace_name(&s->reader));
	if (binary_read_totals(&s->reader.binary, &t, &blocks))
		return complain("%s: %s", trace_name(&s->reader),
				s->reader.binary.error);
	print_head(s, t.statements, t.events, t.accesses);
	printf("  %-25s %12llu\n", "blocks", (unsigned long long)blocks);
	print_kinds(t.kinds);
	return EXIT_FINE;
}

static int read_all(struct stat_run *s)
{
	struct access_run run;
	const struct event *ev;
	int ret = 0;

	if (s->salvage)
		trace_salvage(&s->reader);
	trace_ahead(&s->reader);
	while (!interrupted &&
	       (ret = trace_next_run(&s->reader, &ev, &run)) > 0) {
		if (ev)
			count_event(s, ev);
		else
			count_run(s, &run);
	}
	if (interrupted)
		return EXIT_INTERRUPTED;
	if (ret < 0)
		return complain_trace(trace_name(&s->reader),
				      &s->reader.error);
	if (*trace_salvaged(&s->reader))
		fprintf(stderr, "%s: %s; what is before it was used\n",
			trace_name(&s->reader), trace_salvaged(&s->reader));
	page_stats_end(&s->pages);
	print_head(s, s->statements, s->events,
		   s->kinds[EV_READ] + s->kinds[EV_WRITE] +
			   s->kinds[EV_FETCH]);
	print_kinds(s->kinds);
	print_processes(s);
	print_footprint(s);
	print_working_set(s);
	print_reuse(s);
	return EXIT_FINE;
}

static int stat_trace(struct stat_run *s, const char *path)
{
	int status;

	catch_interrupt();
	names_init(&s->names, &cmd_host);
	page_stats_init(&s->pages, &cmd_host);
	if (trace_open(&s->reader, &cmd_host, &s->names, path)) {
		status = complain_trace(path, &s->reader.error);
	} else {
		s->reader.text.stream.stop = &interrupted;
		status = s->quick ? quick(s) : read_all(s);
	}
	trace_close(&s->reader);
	page_stats_destroy(&s->pages);
	names_destroy(&s->names);
	host_free(&cmd_host, s->process, s->max * sizeof(*s->process));
	return status;
}

static int parse_page_size(struct stat_run *s, const char *text)
{
	uint64_t n;

	if (!parse_number(text, 16, 1u << 30, &n) || n & (n - 1))
		return complain("--page-size %s: expected a power of two, 16 to 1073741824",
				text);
	s->shift = ilog2_u64(n);
	return 0;
}

enum { OPT_PAGE_SIZE = 256, OPT_SALVAGE };

static int stat_option(void *ctx, int o, char *arg)
{
	struct stat_run *s = ctx;

	switch (o) {
	case 'q':
		s->quick = true;
		return 0;
	case OPT_SALVAGE:
		s->salvage = true;
		return 0;
	case OPT_PAGE_SIZE:
		return parse_page_size(s, arg);
	default:
		return usage_error("stat");
	}
}

int cmd_stat(int argc, char **argv)
{
	static const struct option options[] = {
		{"quick", no_argument, NULL, 'q'},
		{"page-size", required_argument, NULL, OPT_PAGE_SIZE},
		{"salvage", no_argument, NULL, OPT_SALVAGE},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct stat_run *s = host_alloc(&cmd_host, sizeof(*s));
	int status;

	s->shift = 12;
	status = parse_options(argc, argv, "qh", options, help,
			       stat_option, s);
	if (status < 0 && optind + 1 != argc) {
		complain("stat: expected one TRACE");
		status = usage_error("stat");
	}
	if (status < 0)
		status = stat_trace(s, argv[optind]);
	host_free(&cmd_host, s, sizeof(*s));
	return status;
}
