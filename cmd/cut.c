/*
 * cut.c - mmemu cut: a part of a trace that can be replayed for itself.
 *
 *   whole trace  ─ ─ ─ ─ ─ ─ ─ ─ ┬══════════════┬ ─ ─ ─ ─
 *                  replayed      from           to
 *                     │           │              │
 *   cut trace    prologue│mark cut│══════════════│
 *
 * The prologue is everything in front that changed the machine: all calls, and
 * those accesses that were the first to do something (a fault, an A or D bit, a
 * byte that was not there). All others, nearly all of a long trace, are left
 * out, since doing them again would change nothing. So the machine at `mark cut`
 * is the same, frame by frame, if it is configured the same.
 */
#include "cmd/command.h"
#include "cmd/config.h"
#include "cmd/options.h"
#include "cmd/trace_output.h"
#include "cmd/trace_range.h"
#include "trace/reader.h"
#include "trace/replay.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: mmemu cut TRACE OUT --from POINT [--to POINT] [OPTION]...\n"
	"\n"
	"Writes a part of a trace, with a prologue that brings a machine into the state\n"
	"it had there: all calls from the start, and of the accesses those that changed\n"
	"something. `mark cut` stands between the two. OUT is binary (.mmt), text, or text\n"
	"in zstd (.zst) by its name. Lines and events of OUT count anew.\n"
	"\n"
	"      --from POINT          first event: a number, line:N, or a mark\n"
	"      --to POINT            last event (the end)\n"
	"  -c, --config NAME|FILE    the machine that decides what an access changes; replay\n"
	"                            OUT on the same\n"
	"      --set KEY=VALUE       change one setting of it\n"
	"  -l, --level N             how hard zstd tries, 1 to 19 (9)\n"
	"  -h, --help                this\n"
	"\n"
	"Example:\n"
	"  mmemu cut traces/recorded/sort.trace.zst part.mmt --from 9000000 --to 9100000\n";

struct cut_run {
	const char *from_path, *to_path, *config;
	const char **sets;
	unsigned nr_sets;
	int level;
	struct trace_range range;
	struct trace_reader reader;
	struct names names;
	struct machine *m;
	struct replay replay;
	struct trace_output out;
	uint64_t line;	  /* of OUT, written last */
	bool mark_written;
};

static void write_event(struct cut_run *c, const struct event *ev)
{
	struct event e = *ev;

	e.line = ++c->line;
	trace_output_write(&c->out, &e);
}

static void write_mark(struct cut_run *c)
{
	struct event ev;

	memset(&ev, 0, sizeof(ev));
	ev.kind = EV_MARK;
	ev.name = names_intern(&c->names, "cut", 3);
	write_event(c, &ev);
	c->mark_written = true;
}

/* A plain access that would leave everything as it is. */
static bool idle(const struct cut_run *c, const struct event *ev)
{
	const struct machine *m = c->m;
	const struct task_struct *task;
	uint64_t addr = ev->x[X_ADDR].bytes;
	uint64_t len = EV_HAS(ev, X_LEN) ? ev->x[X_LEN].bytes : 1;

	if (ev->kind > EV_FETCH || ev->flags || ev->expect ||
	    EV_HAS(ev, X_ARG) || ev->x[X_ADDR].label || ev->x[X_ADDR].pages ||
	    (EV_HAS(ev, X_LEN) && ev->x[X_LEN].pages) || !len ||
	    (addr & (m->page_size - 1)) + len > m->page_size)
		return false;
	task = find_task_by_pid(m, ev->pid);
	return task && task->state == TASK_RUNNING && task->mm &&
	       mmu_access_idle(m, task->mm, addr, (enum access_kind)ev->kind);
}

/* A statement in front of the range. */
static bool prologue(struct cut_run *c, const struct event *ev)
{
	bool kept = ev->kind != EV_MARK && ev->kind != EV_REPORT &&
		    !idle(c, ev);

	if (!replay_event(&c->replay, ev))
		return false;
	if (kept)
		write_event(c, ev);
	return true;
}

static int copy_range(struct cut_run *c)
{
	const struct event *ev;
	int ret;

	while ((ret = trace_read(&c->reader, &ev)) > 0 && !interrupted) {
		switch (trace_range_place(&c->range, &c->names, ev)) {
		case RANGE_BEFORE:
			if (!prologue(c, ev))
				return complain("%s:%llu: an address that the paging format cannot hold",
						trace_name(&c->reader),
						(unsigned long long)ev->line);
			break;
		case RANGE_IN:
			if (!c->mark_written)
				write_mark(c);
			write_event(c, ev);
			break;
		case RANGE_BEHIND:
			return 0;
		}
	}
	if (ret < 0)
		return complain_trace(trace_name(&c->reader),
				      &c->reader.error);
	return interrupted ? -1
			   : trace_range_complete(&c->range,
						  trace_name(&c->reader));
}

/* Contents are kept unless no event of the trace can see them. */
static int make_machine(struct cut_run *c)
{
	struct machine_config cfg;
	char err[CONFIG_ERROR_LEN];
	const char *why = "";

	if (config_load(c->config, c->sets, c->nr_sets, &cfg, err))
		return complain("%s", err);
	if (cfg.contents == CONTENTS_AUTO)
		cfg.contents = trace_sees_no_contents(&c->reader) ?
				       CONTENTS_OFF :
				       CONTENTS_ON;
	cfg.tlb.on = false; /* what it knows is no state that can be cut */
	if (machine_create(&cfg, &cmd_host, &c->m, &why))
		return complain("the machine cannot be made: %s", why);
	trace_page_shift(&c->reader, c->m->page_shift);
	let_interrupt(c->m);
	return 0;
}

static int cut(struct cut_run *c)
{
	const char *notes = c->reader.is_binary ? c->reader.binary.metadata
						: NULL;
	int ret;

	if (trace_output_open(&c->out, c->to_path, FORM_BY_NAME, &c->names,
			      notes, c->level))
		return EXIT_BAD;
	replay_init(&c->replay, c->m, &c->names, NULL);
	c->line = 1; /* where text has its header */
	ret = copy_range(c);
	if (trace_output_close(&c->out, !ret) && !ret)
		ret = -1;
	replay_destroy(&c->replay);
	if (interrupted)
		return EXIT_INTERRUPTED;
	return ret ? EXIT_BAD : EXIT_FINE;
}

static int run_cut(struct cut_run *c)
{
	int status = EXIT_BAD;

	catch_interrupt();
	names_init(&c->names, &cmd_host);
	if (trace_open(&c->reader, &cmd_host, &c->names, c->from_path)) {
		complain_trace(c->from_path, &c->reader.error);
	} else {
		c->reader.text.stream.stop = &interrupted;
		trace_ahead(&c->reader);
		if (!make_machine(c))
			status = cut(c);
	}
	machine_destroy(c->m);
	trace_close(&c->reader);
	names_destroy(&c->names);
	return status;
}

enum { OPT_FROM = 256, OPT_TO, OPT_SET };

static int cut_option(void *ctx, int o, char *arg)
{
	struct cut_run *c = ctx;

	switch (o) {
	case OPT_FROM:
		return trace_point_parse(&c->range.from, "--from", arg);
	case OPT_TO:
		return trace_point_parse(&c->range.to, "--to", arg);
	case OPT_SET:
		c->sets[c->nr_sets++] = arg;
		return 0;
	case 'c':
		c->config = arg;
		return 0;
	case 'l':
		return level_option(arg, &c->level);
	default:
		return usage_error("cut");
	}
}

static int parse_and_run(struct cut_run *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"from", required_argument, NULL, OPT_FROM},
		{"to", required_argument, NULL, OPT_TO},
		{"config", required_argument, NULL, 'c'},
		{"set", required_argument, NULL, OPT_SET},
		{"level", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int status;

	status = parse_options(argc, argv, "c:l:h", options, help,
			       cut_option, c);
	if (status >= 0)
		return status;
	if (argc - optind != 2 || c->range.from.type == POINT_NONE) {
		complain("cut: expected TRACE, OUT and --from POINT");
		return usage_error("cut");
	}
	c->from_path = argv[optind];
	c->to_path = argv[optind + 1];
	return run_cut(c);
}

int cmd_cut(int argc, char **argv)
{
	struct cut_run *c = host_alloc(&cmd_host, sizeof(*c));
	size_t size = (size_t)argc * sizeof(*c->sets);
	int status;

	c->level = 9;
	c->sets = host_alloc(&cmd_host, size);
	status = parse_and_run(c, argc, argv);
	host_free(&cmd_host, c->sets, size);
	host_free(&cmd_host, c, sizeof(*c));
	return status;
}
