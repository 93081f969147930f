/*
 * policy.c - mmemu policy: how many faults under which replacement policy?
 *
 * The trace runs on a machine, so that labels and failures are what they are;
 * the pages that its accesses touch are the reference string. A page is a page
 * of an address space: two processes have two, threads have one.
 */
#include "cmd/command.h"
#include "cmd/config.h"
#include "cmd/references.h"
#include "core/machine.h"
#include "trace/reader.h"
#include "trace/replay.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FRAME_COUNTS 32
#define MAX_SETS 64

static const char help[] =
	"usage: mmemu policy [OPTION]... TRACE\n"
	"\n"
	"Counts the page faults that the accesses of a trace would cause on a fixed\n"
	"number of frames, empty at first, under the replacement policies of textbooks:\n"
	"fifo, clock (second chance), lru, and opt, which knows the future.\n"
	"\n"
	"  -f, --frames N[,N]...    numbers of frames, or LO-HI (the machine's\n"
	"                           reclaim_frames; without them 1-8)\n"
	"  -p, --policy NAME[,NAME]...  fifo, clock, lru, opt (the machine's reclaim;\n"
	"                           where that is linux all four)\n"
	"  -c, --config NAME        the machine that runs the trace: a profile or a file\n"
	"      --set KEY=VALUE      one of its settings\n"
	"  -h, --help               this\n"
	"\n"
	"Example:\n"
	"  mmemu policy --frames 3,4 traces/lecture/belady.trace\n";

struct policy_run {
	const char *trace, *config;
	const char *sets[MAX_SETS];
	unsigned nr_sets;
	uint32_t frames[MAX_FRAME_COUNTS];
	unsigned nr_frames;
	bool wanted[NR_POLICIES], some_wanted;
	struct names names;
	struct trace_reader reader;
	struct machine *m;
	struct reference_string string;
};

/* ---- options ---- */

static bool add_frames(struct policy_run *run, unsigned long n)
{
	if (!n || n > UINT32_MAX || run->nr_frames == MAX_FRAME_COUNTS)
		return false;
	run->frames[run->nr_frames++] = (uint32_t)n;
	return true;
}

/* N, or LO-HI; behind it a comma or the end. */
static const char *parse_range(struct policy_run *run, const char *p)
{
	unsigned long lo, hi;
	char *end;

	if (*p < '0' || *p > '9')
		return NULL;
	hi = lo = strtoul(p, &end, 10);
	if (*end == '-') {
		p = end + 1;
		if (*p < '0' || *p > '9')
			return NULL;
		hi = strtoul(p, &end, 10);
	}
	if (hi < lo)
		return NULL;
	for (; lo <= hi; lo++)
		if (!add_frames(run, lo))
			return NULL;
	return end;
}

static int parse_frames(struct policy_run *run, const char *text)
{
	const char *p = text;

	run->nr_frames = 0;
	do {
		p = parse_range(run, p);
	} while (p && *p++ == ',');
	if (!p || p[-1])
		return complain("policy: --frames %s: expected up to %u numbers, as 3,4 or 1-8",
				text, MAX_FRAME_COUNTS);
	return -1;
}

static int parse_policies(struct policy_run *run, const char *text)
{
	memset(run->wanted, 0, sizeof(run->wanted));
	run->some_wanted = true;
	for (const char *p = text;; p++) {
		size_t n = strcspn(p, ",");
		unsigned i = 0;

		while (i < NR_POLICIES && (strlen(policy_names[i]) != n ||
					   strncmp(policy_names[i], p, n)))
			i++;
		if (i == NR_POLICIES)
			return complain("policy: there is no policy \"%.*s\", expected fifo, clock, lru or opt",
					(int)n, p);
		run->wanted[i] = true;
		p += n;
		if (!*p)
			return -1;
	}
}

static int parse_option(struct policy_run *run, int c)
{
	switch (c) {
	case 'f':
		return parse_frames(run, optarg);
	case 'p':
		return parse_policies(run, optarg);
	case 'c':
		run->config = optarg;
		return -1;
	case 's':
		if (run->nr_sets == MAX_SETS)
			return complain("policy: more than %u --set", MAX_SETS);
		run->sets[run->nr_sets++] = optarg;
		return -1;
	case 'h':
		fputs(help, stdout);
		return EXIT_FINE;
	default:
		return usage_error("policy");
	}
}

/* -1: go on, else the exit status. */
static int parse(struct policy_run *run, int argc, char **argv)
{
	static const struct option options[] = {
		{"frames", required_argument, NULL, 'f'},
		{"policy", required_argument, NULL, 'p'},
		{"config", required_argument, NULL, 'c'},
		{"set", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c, status = -1;

	while (status < 0 &&
	       (c = getopt_long(argc, argv, "f:p:c:h", options, NULL)) != -1)
		status = parse_option(run, c);
	if (status < 0 && optind != argc - 1)
		return usage_error("policy");
	if (status < 0)
		run->trace = argv[optind];
	return status;
}

/* ---- the reference string ---- */

static void on_access(void *ctx, const struct task_struct *task, uint64_t addr,
		      uint64_t len, uint64_t stride)
{
	struct policy_run *run = ctx;

	references_access(&run->string, task, addr, len, stride);
}

static int read_references(struct policy_run *run)
{
	struct replay_hooks hooks = {.ctx = run, .access = on_access};
	struct replay replay;
	const struct event *ev;
	uint32_t n = 0;
	int ret;

	replay_init(&replay, run->m, &run->names, &hooks);
	while ((ret = trace_read(&run->reader, &ev)) > 0) {
		replay_event(&replay, ev);
		if (!(++n & 0x1fff) && interrupted)
			break;
	}
	replay_destroy(&replay);
	if (interrupted)
		return EXIT_INTERRUPTED;
	if (ret < 0)
		return complain_trace(trace_name(&run->reader),
				      &run->reader.error);
	return EXIT_FINE;
}

static int make_machine(struct policy_run *run)
{
	struct machine_config cfg;
	char err[CONFIG_ERROR_LEN];
	const char *why = "";

	if (config_load(run->config, run->sets, run->nr_sets, &cfg, err))
		return complain("%s", err);
	if (machine_create(&cfg, &cmd_host, &run->m, &why))
		return complain("the machine cannot be made: %s", why);
	let_interrupt(run->m);
	return EXIT_FINE;
}

/* What no option says the configuration does. */
static void complete_options(struct policy_run *run)
{
	const struct machine_config *cfg = &run->m->cfg;

	if (!run->nr_frames && cfg->reclaim_frames)
		add_frames(run, cfg->reclaim_frames);
	if (!run->nr_frames)
		for (uint32_t n = 1; n <= 8; n++)
			add_frames(run, n);
	for (unsigned p = 0; p < NR_POLICIES && !run->some_wanted; p++)
		run->wanted[p] = !has_policy(run->m) ||
				 p == machine_policy(run->m);
}

/* ---- the table ---- */

static void print_table(const struct policy_run *run)
{
	const struct reference_string *s = &run->string;

	printf("references %" PRIu64 ", pages %u\n",
	       (uint64_t)s->nr + s->nr_repeated, s->nr_pages);
	printf("%8s", "frames");
	for (unsigned p = 0; p < NR_POLICIES; p++)
		if (run->wanted[p])
			printf(" %12s", policy_names[p]);
	putchar('\n');
	for (unsigned i = 0; i < run->nr_frames && !interrupted; i++) {
		printf("%8u", run->frames[i]);
		for (unsigned p = 0; p < NR_POLICIES; p++)
			if (run->wanted[p])
				printf(" %12" PRIu64,
				       policy_faults(s, p, run->frames[i]));
		putchar('\n');
	}
}

static int run_policy(struct policy_run *run)
{
	int status = make_machine(run);

	if (status)
		return status;
	complete_options(run);
	trace_page_shift(&run->reader, run->m->page_shift);
	references_init(&run->string, &cmd_host);
	catch_interrupt();
	run->reader.text.stream.stop = &interrupted;
	status = read_references(run);
	if (!status)
		print_table(run);
	return interrupted ? EXIT_INTERRUPTED : status;
}

int cmd_policy(int argc, char **argv)
{
	struct policy_run *run = host_alloc(&cmd_host, sizeof(*run));
	int status = parse(run, argc, argv);

	if (status < 0) {
		names_init(&run->names, &cmd_host);
		if (trace_open(&run->reader, &cmd_host, &run->names, run->trace))
			status = complain_trace(run->trace, &run->reader.error);
		else
			status = run_policy(run);
		references_destroy(&run->string);
		machine_destroy(run->m);
		trace_close(&run->reader);
		names_destroy(&run->names);
	}
	host_free(&cmd_host, run, sizeof(*run));
	return status;
}
