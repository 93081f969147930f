/*
 * figure.c - mmemu figure: pictures of the machine at a point of a trace.
 *
 *   options ─► trace and machine (live.h) ─► the point
 *                                              │
 *                  figures[] ─► SVG in memory ─┴─► FILE.svg, .pdf, .png
 *
 * A figure is drawn into memory first: what cannot be drawn leaves no file.
 */
#include "cmd/filter.h"
#include "cmd/live.h"
#include "cmd/picture.h"
#include "core/machine.h"
#include "formats/figure.h"
#include "formats/timeline.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: mmemu figure KIND TRACE [OPTION]... -o FILE.svg|.pdf|.png\n"
	"\n"
	"Replays a trace and draws the machine at its end, or at another point. PDF and\n"
	"PNG are made by rsvg-convert (Debian: librsvg2-bin), timeline by gnuplot.\n"
	"\n"
	"  -o, --output FILE         the picture; its ending says what it becomes\n"
	"      --at EVENT|line:N|MARK  draw behind that point\n"
	"      --before POINT        cow: compare with this point (else the event before)\n"
	"      --pid N               of this process (else the first one)\n"
	"      --address A           of this address, as 0x08048000\n"
	"      --cache NAME          of this slab cache\n"
	"      --zone NAME           of this zone alone: DMA, Normal, HighMem\n"
	"  -c, --config NAME|FILE    the machine: a built-in profile or a YAML file\n"
	"      --set KEY=VALUE       change one setting of it (mmemu config lists them)\n"
	"      --root DIR            exec reads real ELF files under DIR\n"
	"      --lang en|ja          the language of the words in it (en)\n"
	"      --theme NAME          color (safe for the colour-blind), grey, dark\n"
	"      --size WxH|NAME       pixels, or slide (1280x720), slide43, a4, a4-portrait\n"
	"      --font NAME           the font, before the usual ones\n"
	"      --font-size N         pixels of normal text (16)\n"
	"      --list                the kinds of figure, one a line\n"
	"  -h, --help                this\n"
	"\n"
	"Example:\n"
	"  mmemu figure buddy-lists traces/lecture/buddy.trace --at 3 -o lists.svg\n"
	"\n"
	"Kinds (* of a process: --pid):\n";

enum {
	OPT_AT = 256, OPT_BEFORE, OPT_PID, OPT_ADDRESS, OPT_CACHE, OPT_ZONE, OPT_SET,
	OPT_ROOT, OPT_LANG, OPT_THEME, OPT_SIZE, OPT_FONT, OPT_FONT_SIZE,
	OPT_LIST,
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
	{"list", no_argument, NULL, OPT_LIST},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct figure_run {
	const char *kind, *output;
	struct live_options live;
	struct trace_point at, before;
	uint64_t pid; /* 0: the figure's choice */
	const struct figure *figure;
	struct figure_options fig;
	struct svg style; /* theme, size, font */
	enum picture_form form;
};

/* ---- options ---- */

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

/* A number from min to max that is all of text. */
static bool parse_number(const char *text, int base, uint64_t min, uint64_t max,
			 uint64_t *n)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*n = strtoull(text, &end, base);
	return !errno && !*end && *n >= min && *n <= max;
}

static int parse_size(struct svg *style, const char *text)
{
	char *end;
	long w, h;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (!strcmp(sizes[i].name, text)) {
			style->width = sizes[i].width;
			style->height = sizes[i].height;
			return 0;
		}
	}
	w = strtol(text, &end, 10);
	h = *end == 'x' ? strtol(end + 1, &end, 10) : 0;
	if (*end || w < MIN_SIDE || h < MIN_SIDE || w > MAX_SIDE ||
	    h > MAX_SIDE)
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

static int parse_font_size(struct svg *style, const char *text)
{
	uint64_t n;

	if (!parse_number(text, 10, 8, 48, &n))
		return complain("--font-size %s: expected a number from 8 to 48",
				text);
	style->font = (int)n;
	return 0;
}

static int parse_one(struct figure_run *run, int o, char *arg)
{
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
	case OPT_FONT_SIZE: return parse_font_size(&run->style, arg);
	case OPT_LANG:
		return lang_find(arg, &run->fig.lang) ? 0 :
			complain("--lang %s: expected en or ja", arg);
	case OPT_PID:
		return parse_number(arg, 10, 1, TRACE_PID_MAX, &run->pid) ? 0 :
			complain("--pid %s: expected the number of a process", arg);
	case OPT_ADDRESS:
		run->fig.has_address = true;
		return parse_number(arg, 0, 0, UINT64_MAX, &run->fig.address) ? 0 :
			complain("--address %s: expected an address, as 0x08048000", arg);
	default: return usage_error("figure");
	}
}

static int print_help(void)
{
	fputs(help, stdout);
	for (unsigned i = 0; i < nr_figures; i++)
		printf("  %-14s%c %s\n", figures[i].name,
		       figures[i].needs_pid ? '*' : ' ', figures[i].title);
	return EXIT_FINE;
}

static int print_kinds(void)
{
	for (unsigned i = 0; i < nr_figures; i++)
		printf("%s\n", figures[i].name);
	return EXIT_FINE;
}

static int check_options(struct figure_run *run)
{
	run->figure = figure_find(run->kind);
	if (!run->figure)
		return complain("figure: there is no kind \"%s\" (mmemu figure --list names them)",
				run->kind);
	if (run->figure->draw == figure_cow && !strcmp(run->live.trace, "-"))
		return complain("figure %s: it reads the trace twice, so that cannot be standard input",
				run->kind);
	if (run->before.type != POINT_NONE && run->figure->draw != figure_cow)
		return complain("figure %s: --before is for cow",
				run->kind);
	if (!run->output)
		return complain("figure: expected -o FILE.svg, .pdf or .png");
	if (!picture_form_find(run->output, &run->form) && strcmp(run->output, "-"))
		return complain("-o %s: expected a name that ends in .svg, .pdf or .png",
				run->output);
	if (run->figure->draw == figure_timeline && !in_path("gnuplot"))
		return complain("figure %s: gnuplot draws it, and it is not installed (Debian: apt-get install gnuplot-nox)",
				run->kind);
	return picture_possible(run->form);
}

/* -1: go on, else the exit status. */
static int parse(struct figure_run *run, int argc, char **argv)
{
	int o;

	while ((o = getopt_long(argc, argv, "o:c:h", options, NULL)) != -1) {
		if (o == 'h')
			return print_help();
		if (o == OPT_LIST)
			return print_kinds();
		if (parse_one(run, o, optarg))
			return EXIT_BAD;
	}
	if (optind + 2 != argc) {
		complain("figure: expected a KIND and a TRACE");
		return usage_error("figure");
	}
	run->kind = argv[optind];
	run->live.trace = argv[optind + 1];
	return check_options(run) ? EXIT_BAD : -1;
}

/* ---- the point ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "cow.trace, line 27, event 8" */
static void say_where(const struct live *l, const char *trace, char *buf,
		      size_t size)
{
	const char *mark = l->ev && l->ev->kind == EV_MARK ? l->mark : NULL;

	snprintf(buf, size, "%s, event %llu, line %llu%s%s", base_name(trace),
		 (unsigned long long)l->event, (unsigned long long)l->line,
		 mark ? ", mark " : "", mark ? mark : "");
}

/* The process with this PID, or the one with the lowest. */
static const struct task_struct *choose_task(const struct machine *m,
					     uint64_t pid)
{
	const struct task_struct *t, *found = NULL;

	for_each_task (t, m)
		if (t->mm && (pid ? t->pid == pid
				  : !found || t->pid < found->pid))
			found = t;
	return found;
}

/* ---- drawing ---- */

/* timeline is a script so far. */
static int draw_by_gnuplot(char **text, size_t *size)
{
	static const char *const argv[] = {"gnuplot", "-", NULL};

	return filter_text(argv, text, size) ? 0 :
		complain("figure timeline: gnuplot could not draw it");
}

static int draw(const struct figure_run *run, const struct live *l,
		const char *path)
{
	struct svg s = run->style;
	char *text = NULL;
	size_t size = 0;
	int ret;

	s.out = open_memstream(&text, &size);
	if (!s.out)
		return complain("this host has no more memory");
	ret = run->figure->draw(l->m, &run->fig, &s);
	if (fclose(s.out))
		ret = complain("this host has no more memory");
	else if (ret)
		ret = complain("figure %s: %s", run->figure->name, s.why);
	else if (run->figure->draw == figure_timeline)
		ret = draw_by_gnuplot(&text, &size);
	if (!ret)
		ret = picture_write(path, run->form, text, size);
	free(text);
	return ret;
}

static int draw_at_point(struct figure_run *run, struct live *l)
{
	char where[300];
	int ret = live_to(l, &run->at);

	if (ret)
		return ret;
	say_where(l, run->live.trace, where, sizeof(where));
	run->fig.where = where;
	run->fig.task = choose_task(l->m, run->pid);
	if (run->figure->needs_pid && !run->fig.task)
		return run->pid ? complain("figure %s: there is no process %llu at this point",
					   run->figure->name,
					   (unsigned long long)run->pid)
				: complain("figure %s: there is no process at this point",
					   run->figure->name);
	return draw(run, l, run->output);
}

/* ---- two points ---- */

/* A second machine, which stops earlier. */
static int draw_with_before(struct figure_run *run, struct live *l)
{
	struct trace_point p = run->before;
	struct live earlier;
	char where[300];
	int ret = live_to(l, &run->at);

	if (!ret && p.type == POINT_NONE) {
		if (!l->event)
			return complain("figure %s: there is no event before this point",
					run->figure->name);
		p = (struct trace_point){.type = POINT_EVENT,
					 .n = l->event - 1};
	}
	if (ret || (ret = live_open(&earlier, &run->live)))
		return ret;
	earlier.quiet = true;
	ret = live_to(&earlier, &p);
	if (!ret && earlier.event > l->event)
		ret = complain("--before: this point is not before that of --at");
	if (!ret) {
		say_where(&earlier, run->live.trace, where, sizeof(where));
		run->fig.before = earlier.m;
		run->fig.before_where = where;
		ret = draw_at_point(run, l);
	}
	live_close(&earlier);
	return ret;
}

/* ---- over time ---- */

static void note_moment(void *ctx, const struct live *l)
{
	struct timeline *tl = ctx;

	if (live_at_event(l))
		timeline_event(tl, l->m, l->event, false);
	else if (l->ev->kind == EV_MARK)
		timeline_mark(tl, l->event, l->mark);
}

static int draw_timeline(struct figure_run *run, struct live *l)
{
	struct timeline tl;
	int ret;

	timeline_init(&tl, &cmd_host);
	timeline_event(&tl, l->m, 0, false);
	l->each = note_moment;
	l->each_ctx = &tl;
	ret = live_to(l, &run->at);
	timeline_event(&tl, l->m, l->event, true);
	run->fig.timeline = &tl;
	if (!ret)
		ret = draw_at_point(run, l);
	timeline_destroy(&tl);
	return ret;
}

static int draw_figure(struct figure_run *run, struct live *l)
{
	if (run->figure->draw == figure_cow)
		return draw_with_before(run, l);
	if (run->figure->draw == figure_timeline)
		return draw_timeline(run, l);
	return draw_at_point(run, l);
}

int cmd_figure(int argc, char **argv)
{
	struct figure_run run = {
		.style = {.theme = svg_theme_find("color"),
			  .width = sizes[0].width,
			  .height = sizes[0].height,
			  .font = 16},
	};
	struct live l;
	int status;

	run.live.sets = host_alloc(&cmd_host,
				   (size_t)argc * sizeof(*run.live.sets));
	status = parse(&run, argc, argv);
	if (status < 0) {
		catch_interrupt();
		status = live_open(&l, &run.live);
		if (!status)
			status = draw_figure(&run, &l);
		if (!status)
			status = live_status(&l);
		live_close(&l);
	}
	host_free(&cmd_host, run.live.sets,
		  (size_t)argc * sizeof(*run.live.sets));
	return status;
}
