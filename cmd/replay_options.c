/* replay_options.c - the command line of mmemu replay. */
#include "cmd/replay.h"
#include "cmd/options.h"
#include "formats/report.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: mmemu replay TRACE [OPTION]...\n"
	"\n"
	"Replays a trace (text, plain or zstd; - is standard input) on an emulated\n"
	"machine and writes the reports that the trace and -r ask for.\n"
	"\n"
	"  -c, --config NAME|FILE    the machine: a built-in profile or a YAML file\n"
	"      --set KEY=VALUE       change one setting of it (mmemu config lists them)\n"
	"  -r, --report KIND[=PID][:FILE]  a report at the end (mmemu help replay: below);\n"
	"                            slabinfo=CACHE: the row of one cache\n"
	"  -o, --output DIR          reports and the outcome log into a folder\n"
	"      --outcomes FILE       what each event did, one line an event\n"
	"      --kernel-log FILE     what the kernel would log: the OOM killer's reports\n"
	"      --at EVENT|line:N|MARK  stop behind that point; final reports are of it\n"
	"      --strict              stop at the first failed call or orphan\n"
	"      --check[=N]           check the whole machine every N events (1) and at the end\n"
	"      --stats[=counts]      print counters at the end (counts: not the speed)\n"
	"      --series N FILE.csv   every counter, every N events\n"
	"      --json                reports as JSON, an object each\n"
	"      --procfs DIR          the machine at the end as a /proc folder\n"
	"      --boot-state FILE     begin with the allocators' state of a file\n"
	"      --save-state [MARK=]FILE  write the state at a mark, or at the end\n"
	"      --root DIR            exec reads real ELF files under DIR\n"
	"      --rebase              fold addresses that the machine cannot hold\n"
	"      --tlb[=MODEL]         model the CPU's TLBs (report tlb)\n"
	"      --contents on|off|auto  whether data frames hold bytes (auto: on, but off for\n"
	"                            a binary trace none of whose events can see them)\n"
	"      --salvage             use a damaged or truncated binary trace up to there\n"
	"      --interactive         step through the trace by commands (help lists them)\n"
	"      --one-thread          decode a binary trace on the replay's own thread\n"
	"  -h, --help                this\n"
	"\n"
	"Example:\n"
	"  mmemu replay traces/lecture/cow.trace --at after-cow -r maps=100 --stats\n"
	"\n"
	"Reports (of a process: KIND=PID):\n";

enum {
	OPT_SET = 256, OPT_OUTCOMES, OPT_KERNEL_LOG, OPT_AT, OPT_STRICT, OPT_CHECK, OPT_STATS,
	OPT_PROCFS, OPT_BOOT_STATE, OPT_SAVE_STATE, OPT_ROOT, OPT_CONTENTS,
	OPT_REBASE, OPT_TLB, OPT_SERIES, OPT_JSON, OPT_SALVAGE, OPT_ONE_THREAD,
	OPT_INTERACTIVE,
};

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"set", required_argument, NULL, OPT_SET},
	{"report", required_argument, NULL, 'r'},
	{"output", required_argument, NULL, 'o'},
	{"outcomes", required_argument, NULL, OPT_OUTCOMES},
	{"kernel-log", required_argument, NULL, OPT_KERNEL_LOG},
	{"at", required_argument, NULL, OPT_AT},
	{"strict", no_argument, NULL, OPT_STRICT},
	{"check", optional_argument, NULL, OPT_CHECK},
	{"stats", optional_argument, NULL, OPT_STATS},
	{"procfs", required_argument, NULL, OPT_PROCFS},
	{"boot-state", required_argument, NULL, OPT_BOOT_STATE},
	{"save-state", required_argument, NULL, OPT_SAVE_STATE},
	{"root", required_argument, NULL, OPT_ROOT},
	{"contents", required_argument, NULL, OPT_CONTENTS},
	{"rebase", no_argument, NULL, OPT_REBASE},
	{"tlb", optional_argument, NULL, OPT_TLB},
	{"series", required_argument, NULL, OPT_SERIES},
	{"json", no_argument, NULL, OPT_JSON},
	{"salvage", no_argument, NULL, OPT_SALVAGE},
	{"interactive", no_argument, NULL, OPT_INTERACTIVE},
	{"one-thread", no_argument, NULL, OPT_ONE_THREAD},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static int print_help(void)
{
	fputs(help, stdout);
	for (unsigned i = 0; i < nr_reports; i++)
		printf("  %-12s %s%s\n", reports[i].name, reports[i].title,
		       reports[i].needs_pid ? " (of a process)" : "");
	return EXIT_FINE;
}

static int parse_report(struct replay_options *opt, char *text)
{
	struct final_report *fr = &opt->reports[opt->nr_reports++];
	char *file = strchr(text, ':'), *pid;
	bool cache = !strncmp(text, "slabinfo=", 9);
	const struct report *r;
	uint64_t n = 0;

	if (file) {
		*file++ = '\0';
		fr->file = file;
		if (!*file)
			return complain("-r %s: expected a file name behind the colon",
					text);
	}
	pid = strchr(text, '=');
	if (pid)
		*pid++ = '\0';
	r = report_find(text);
	if (!r)
		return complain("-r %s: there is no such report (mmemu help replay lists them)",
				text);
	if (r->needs_pid &&
	    (!pid || !parse_number(pid, 1, TRACE_PID_MAX, &n)))
		return complain("-r %s: this report is of a process, expected %s=PID",
				text, text);
	if (cache && !*pid)
		return complain("-r slabinfo=: expected the name of a cache");
	if (cache)
		fr->cache = pid;
	if (!r->needs_pid && pid && !cache)
		return complain("-r %s=%s: this report is of the whole machine, expected no PID",
				text, pid);
	fr->kind = r->name;
	fr->pid = (uint32_t)n;
	return 0;
}

static int parse_state(struct replay_options *opt, char *text)
{
	struct saved_state *s = &opt->states[opt->nr_states++];
	char *equals = strchr(text, '=');
	char *slash = strchr(text, '/');

	s->file = text;
	if (!equals || (slash && slash < equals))
		return 0;
	*equals = '\0';
	s->mark = text;
	s->file = equals + 1;
	return *s->file && *text ? 0
				 : complain("--save-state: expected FILE or MARK=FILE");
}

static int parse_contents(struct replay_options *opt, const char *text)
{
	static const char *const words[] = {[CONTENTS_AUTO] = "auto",
					    [CONTENTS_ON] = "on",
					    [CONTENTS_OFF] = "off"};
	int i = find_word(words, ARRAY_SIZE(words), text);

	if (i < 0)
		return complain("--contents %s: expected on, off or auto", text);
	opt->live.contents_set = true;
	opt->live.contents = (enum contents_mode)i;
	return 0;
}

static int parse_one(struct replay_options *opt, int o, char *arg)
{
	switch (o) {
	case 'c':
		opt->live.config = arg;
		return 0;
	case OPT_SET:
		opt->live.sets[opt->live.nr_sets++] = arg;
		return 0;
	case 'r':
		return parse_report(opt, arg);
	case 'o':
		opt->folder = arg;
		return 0;
	case OPT_OUTCOMES:
		opt->outcomes = arg;
		return 0;
	case OPT_KERNEL_LOG:
		opt->kernel_log = arg;
		return 0;
	case OPT_AT:
		return trace_point_parse(&opt->at, "--at", arg);
	case OPT_STRICT:
		opt->live.strict = true;
		return 0;
	case OPT_CHECK:
		opt->check = 1;
		if (arg && !parse_number(arg, 1, UINT64_MAX, &opt->check))
			return complain("--check=%s: expected a number of events",
					arg);
		return 0;
	case OPT_STATS:
		opt->stats = true;
		opt->no_speed = arg != NULL;
		if (arg && strcmp(arg, "counts"))
			return complain("--stats=%s: expected counts or nothing",
					arg);
		return 0;
	case OPT_PROCFS:
		opt->procfs = arg;
		return 0;
	case OPT_BOOT_STATE:
		opt->live.boot_state = arg;
		return 0;
	case OPT_SAVE_STATE:
		return parse_state(opt, arg);
	case OPT_ROOT:
		opt->live.root = arg;
		return 0;
	case OPT_JSON:
		opt->json = true;
		return 0;
	case OPT_REBASE:
		opt->live.rebase = true;
		return 0;
	case OPT_TLB:
		opt->live.tlb = true;
		opt->live.tlb_model = arg;
		return 0;
	case OPT_CONTENTS:
		return parse_contents(opt, arg);
	case OPT_SALVAGE:
		opt->salvage = true;
		return 0;
	case OPT_INTERACTIVE:
		opt->interactive = true;
		return 0;
	case OPT_ONE_THREAD:
		opt->one_thread = true;
		return 0;
	default:
		return usage_error("replay");
	}
}

/* --series N FILE: getopt knows the first of its two arguments only. */
static int parse_series(struct replay_options *opt, int argc, char **argv)
{
	if (!parse_number(optarg, 1, UINT64_MAX, &opt->series_every))
		return complain("--series %s: expected a number of events and a file",
				optarg);
	if (optind == argc || (argv[optind][0] == '-' && argv[optind][1]))
		return complain("--series %s: expected a file behind it",
				optarg);
	opt->series = argv[optind++];
	return 0;
}

/* A stepper has the machine's options; what runs on its own has no place. */
static int check_interactive(const struct replay_options *opt)
{
	if (opt->nr_reports || opt->nr_states || opt->outcomes || opt->folder ||
	    opt->procfs || opt->kernel_log || opt->series || opt->stats ||
	    opt->check || opt->salvage || opt->at.type != POINT_NONE)
		return complain("--interactive: goes with --json and the options of the machine only");
	return 0;
}

int replay_parse(struct replay_options *opt, int argc, char **argv)
{
	size_t n = (size_t)argc;
	int o;

	opt->live.sets = host_alloc(&cmd_host, n * sizeof(*opt->live.sets));
	opt->reports = host_alloc(&cmd_host, n * sizeof(*opt->reports));
	opt->states = host_alloc(&cmd_host, n * sizeof(*opt->states));
	while ((o = getopt_long(argc, argv, "c:r:o:h", options, NULL)) != -1) {
		if (o == 'h')
			return print_help();
		if (o == OPT_SERIES ? parse_series(opt, argc, argv) :
				      parse_one(opt, o, optarg))
			return EXIT_BAD;
	}
	if (optind + 1 != argc) {
		complain(optind == argc ? "replay: expected a TRACE"
					: "replay: expected one TRACE");
		return usage_error("replay");
	}
	opt->live.trace = argv[optind];
	if (opt->interactive && check_interactive(opt))
		return usage_error("replay");
	return -1;
}

void replay_options_free(struct replay_options *opt)
{
	free(opt->live.sets);
	free(opt->reports);
	free(opt->states);
}
