/* figure_options.c - the command line of mmemu figure. */
#include "cmd/figure_run.h"
#include "cmd/options.h"
#include "core/task.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: mmemu figure KIND TRACE [OPTION]... -o FILE.svg|.pdf|.png\n"
	"       mmemu figure --all TRACE [OPTION]... -o DIR\n"
	"       mmemu figure KIND TRACE --animate FROM..TO [OPTION]... -o DIR\n"
	"\n"
	"Replays a trace and draws the machine at its end (figures of a process: where it\n"
	"last lived), or at another point. PDF and PNG are made by rsvg-convert (Debian:\n"
	"librsvg2-bin), timeline by gnuplot.\n"
	"\n"
	"  -o, --output FILE         the picture; its ending says what it becomes\n"
	"      --at EVENT|line:N|MARK  draw behind that point\n"
	"      --all                 every kind that applies, for each process\n"
	"      --animate FROM..TO    a picture for each event from one point to another, in\n"
	"                            which things keep their places\n"
	"      --format svg|pdf|png  of the pictures in DIR (svg)\n"
	"      --before POINT        cow: compare with this point (else the event before)\n"
	"      --pid N               of this process (else the first one)\n"
	"      --address A           of this address, as 0x08048000, or a label's: heap, heap+8K\n"
	"      --cache NAME          of this slab cache\n"
	"      --zone NAME           of this zone alone: DMA, Normal, HighMem\n"
	"  -c, --config NAME|FILE    the machine: a built-in profile or a YAML file\n"
	"      --set KEY=VALUE       change one setting of it (mmemu config lists them)\n"
	"      --root DIR            exec reads real ELF files under DIR\n"
	"      --lang en|ja          the language of the words in it (en)\n"
	"      --theme NAME          color (safe for the colour-blind), grey, dark\n"
	"      --size WxH|NAME       pixels, or slide (1280x720), slide43, a4, a4-portrait\n"
	"      --font NAME           the font, before the usual ones\n"
	"      --font-size N         pixels of normal text, 8 to 22 (16, or more\n"
	"                            where there is room)\n"
	"      --list                the kinds of figure, one a line\n"
	"  -h, --help                this\n"
	"\n"
	"Example:\n"
	"  mmemu figure buddy-lists traces/lecture/buddy.trace --at 3 -o lists.svg\n"
	"  mmemu figure page-table traces/lecture/demand-paging.trace --animate 1..9 -o steps\n"
	"\n"
	"Kinds (* of a process: --pid):\n";

enum {
	OPT_AT = 256, OPT_BEFORE, OPT_PID, OPT_ADDRESS, OPT_CACHE, OPT_ZONE, OPT_SET,
	OPT_ROOT, OPT_LANG, OPT_THEME, OPT_SIZE, OPT_FONT, OPT_FONT_SIZE,
	OPT_LIST, OPT_ALL, OPT_ANIMATE, OPT_FORMAT,
};

static const struct option options[] = {
	{"output", required_argument, NULL, 'o'},
	{"at", required_argument, NULL, OPT_AT},
	{"before", required_argument, NULL, OPT_BEFORE},
	{"pid", required_argument, NULL, OPT_PID},
	{"address", required_argument, NULL, OPT_ADDRESS},
	{"cache", required_argument, NULL, OPT_CACHE},
	{"zone", required_argument, NULL, OPT_ZONE},
	{"config", required_argument, NULL, 'c'},
	{"set", required_argument, NULL, OPT_SET},
	{"root", required_argument, NULL, OPT_ROOT},
	{"lang", required_argument, NULL, OPT_LANG},
	{"theme", required_argument, NULL, OPT_THEME},
	{"size", required_argument, NULL, OPT_SIZE},
	{"font", required_argument, NULL, OPT_FONT},
	{"font-size", required_argument, NULL, OPT_FONT_SIZE},
	{"all", no_argument, NULL, OPT_ALL},
	{"animate", required_argument, NULL, OPT_ANIMATE},
	{"format", required_argument, NULL, OPT_FORMAT},
	{"list", no_argument, NULL, OPT_LIST},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static const struct {
	const char *name;
	int width, height;
} sizes[] = {
	{"slide", 1280, 720},
	{"slide43", 1024, 768},
	{"a4", 1123, 794},
	{"a4-portrait", 794, 1123},
};

#define MIN_SIDE 600
#define MAX_SIDE 10000

static int parse_size(struct svg *style, const char *text)
{
	uint64_t w = 0, h = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (!strcmp(sizes[i].name, text)) {
			w = (uint64_t)sizes[i].width;
			h = (uint64_t)sizes[i].height;
		}
	}
	if (!w && !parse_pair(text, "x", MIN_SIDE, MAX_SIDE, &w, &h))
		return complain("--size %s: expected slide, slide43, a4, a4-portrait, or WxH of %u to %u",
				text, MIN_SIDE, MAX_SIDE);
	style->width = (int)w;
	style->height = (int)h;
	return 0;
}

static int parse_theme(struct svg *style, const char *name)
{
	style->theme = svg_theme_find(name);
	return style->theme ? 0 : complain("--theme %s: expected %s, %s or %s",
					   name, svg_theme_name(0),
					   svg_theme_name(1), svg_theme_name(2));
}

/* Who says how large letters are gets them so. */
static int parse_font_size(struct figure_run *run, const char *text)
{
	uint64_t n = 0;
	int bad = number_option("--font-size", text, 8, 22, NULL, &n);

	run->style.font = (int)n;
	run->enlarge = 100;
	return bad;
}

/* FROM..TO */
static int parse_steps(struct figure_run *run, char *text)
{
	char *dots = strstr(text, "..");

	if (!dots || dots == text || !dots[2])
		return complain("--animate %s: expected FROM..TO, each the number of an event, line:N, or a mark's name",
				text);
	*dots = '\0';
	run->animate = true;
	return trace_point_parse(&run->steps.from, "--animate", text) ||
	       trace_point_parse(&run->steps.to, "--animate", dots + 2);
}

static int print_help(void)
{
	fputs(help, stdout);
	for (unsigned i = 0; i < nr_figures; i++)
		printf("  %-14s%c %s\n", figures[i].name,
		       figures[i].needs_pid ? '*' : ' ', figures[i].title);
	return OPTIONS_DONE;
}

static int print_kinds(void)
{
	for (unsigned i = 0; i < nr_figures; i++)
		printf("%s\n", figures[i].name);
	return OPTIONS_DONE;
}

static int parse_one(void *ctx, int o, char *arg)
{
	struct figure_run *run = ctx;

	switch (o) {
	case 'o': run->output = arg; return 0;
	case 'c': run->live.config = arg; return 0;
	case OPT_SET: run->live.sets[run->live.nr_sets++] = arg; return 0;
	case OPT_ROOT: run->live.root = arg; return 0;
	case OPT_AT: return trace_point_parse(&run->at, "--at", arg);
	case OPT_BEFORE: return trace_point_parse(&run->before, "--before", arg);
	case OPT_CACHE: run->fig.cache = arg; return 0;
	case OPT_ZONE: run->fig.zone = arg; return 0;
	case OPT_FONT: run->style.family = arg; return 0;
	case OPT_THEME: return parse_theme(&run->style, arg);
	case OPT_SIZE: return parse_size(&run->style, arg);
	case OPT_FONT_SIZE: return parse_font_size(run, arg);
	case OPT_LANG:
		return lang_find(arg, &run->fig.lang) ? 0 :
			complain("--lang %s: expected en or ja", arg);
	case OPT_ALL: run->all = true; return 0;
	case OPT_ANIMATE: return parse_steps(run, arg);
	case OPT_FORMAT:
		run->form_set = true;
		return picture_form_find(arg, &run->form) ? 0 :
			complain("--format %s: expected svg, pdf or png", arg);
	case OPT_PID:
		return number_option("--pid", arg, 1, TRACE_PID_MAX,
				     "the number of a process", &run->pid);
	case OPT_ADDRESS:
		run->address = arg;
		return 0;
	case OPT_LIST: return print_kinds();
	case 'h': return print_help();
	default: return usage_error("figure");
	}
}

/* What draws timeline and pictures that are no SVG must be here. */
static int check_tools(const struct figure_run *run)
{
	if (run->figure && run->figure->draw == figure_timeline &&
	    !in_path("gnuplot"))
		return complain("figure %s: gnuplot draws it, and it is not installed (Debian: apt-get install gnuplot-nox)",
				run->kind);
	return picture_possible(run->form);
}

/* Many pictures, into a folder. */
static int check_series(struct figure_run *run)
{
	if (!strcmp(run->live.trace, "-"))
		return complain("figure: the trace is read several times, so it cannot be standard input");
	if (run->all && run->animate)
		return complain("figure: expected --all or --animate, not both");
	if (run->animate && (run->figure->draw == figure_cow ||
			     run->figure->draw == figure_timeline))
		return complain("figure %s: it shows more than one point, expected another kind for --animate",
				run->kind);
	if (run->animate && run->at.type != POINT_NONE)
		return complain("figure: --animate says the points, expected no --at");
	return check_tools(run);
}

static int check_options(struct figure_run *run)
{
	run->figure = run->all ? NULL : figure_find(run->kind);
	if (!run->all && !run->figure)
		return complain("figure: there is no kind \"%s\" (mmemu figure --list names them)",
				run->kind);
	if (!run->output)
		return complain(run->all || run->animate
					? "figure: expected -o DIR"
					: "figure: expected -o FILE.svg, .pdf or .png");
	if (run->before.type != POINT_NONE &&
	    (!run->figure || run->figure->draw != figure_cow))
		return complain("figure: --before is for cow");
	if (run->all || run->animate)
		return check_series(run);
	if (run->form_set)
		return complain("figure: --format is for --all and --animate, expected it as the ending of -o");
	if (run->figure->draw == figure_cow && !strcmp(run->live.trace, "-"))
		return complain("figure %s: it reads the trace twice, so that cannot be standard input",
				run->kind);
	if (!picture_form_find(run->output, &run->form) &&
	    strcmp(run->output, "-"))
		return complain("-o %s: expected a name that ends in .svg, .pdf or .png",
				run->output);
	return check_tools(run);
}

/* -1: go on, else the exit status. */
int figure_parse(struct figure_run *run, int argc, char **argv)
{
	int status = parse_options(argc, argv, "o:c:h", options, NULL,
				   parse_one, run);

	if (status >= 0)
		return status;
	if (optind + 1 + !run->all != argc) {
		complain(run->all ? "figure: expected one TRACE behind --all"
				  : "figure: expected a KIND and a TRACE");
		return usage_error("figure");
	}
	run->kind = argv[optind];
	run->live.trace = argv[argc - 1];
	return check_options(run) ? EXIT_BAD : -1;
}
