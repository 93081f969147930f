/*
 * player.c - mmemu player: a trace as a page that steps through it.
 *
 *   page (head, style, body) │ JSON │ page (script)          one file, no network
 *                              │
 *     {what never changes, "rows": the trace's text, "steps": [...], strings}
 *                                              │
 *          {"row", "line", "event", "outcome", what changed in the machine}
 *
 * A step is a statement that may change the machine: every event, and `file`,
 * `swapon` and their like; marks and reports lie between steps. Step 0 is the
 * machine before the first of them. The state after a step is the one that
 * `mmemu replay --at line:N` (or --at EVENT) reports.
 */
#include "cmd/live.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "formats/explain.h"
#include "formats/json.h"
#include "formats/lang.h"
#include "formats/memory_stream.h"
#include "formats/player.h"
#include "trace/text_write.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LIMIT 5000u
#define MAX_BYTES ((size_t)96 << 20) /* what a browser still opens at ease */

static const char help[] =
	"usage: mmemu player TRACE -o FILE.html [OPTION]...\n"
	"\n"
	"Writes a page that steps through a trace: its text, processes, areas, page\n"
	"tables, frames, free lists, slab caches and counters after each event, what\n"
	"changed in it marked. The page needs no network and no other file.\n"
	"\n"
	"  -o, --output FILE.html    the page (- is standard output)\n"
	"  -c, --config NAME|FILE    the machine: a built-in profile or a YAML file\n"
	"      --set KEY=VALUE       change one setting of it (mmemu config lists them)\n"
	"      --from POINT          begin behind an event, line:N or a mark\n"
	"      --limit N             at most so many events (5000)\n"
	"      --lang en|ja          the page's language at first (en); a button changes it\n"
	"      --root DIR            exec reads real ELF files under DIR\n"
	"  -h, --help                this\n"
	"\n"
	"Example:\n"
	"  mmemu player traces/lecture/cow.trace -o cow.html\n";

struct player_run {
	struct live_options options;
	const char *path;
	struct trace_point from;
	uint64_t limit;
	enum lang lang;
	struct live live;
	struct output out;
	struct player *player;
	struct explain explain;
	struct text_writer writer; /* of a trace that cannot be read as text */
	char *written, *marks;
	size_t written_size, marks_size;
	FILE *written_file, *marks_file;
	bool as_text;		   /* rows are the file's own lines */
	uint64_t nr_rows;	   /* written so far */
	uint64_t first_row;	   /* of the text: lines that are left out */
	uint64_t nr_steps, nr_marks, last_line;
	size_t bytes;
	const char *stopped;	   /* why the trace goes on behind the last step */
};

/* ---- the trace's text ---- */

static void begin_rows(struct player_run *p)
{
	p->as_text = !p->live.reader.is_binary &&
		     strcmp(p->options.trace, "-") != 0;
	p->written_file = memory_stream(&cmd_host, &p->written, &p->written_size);
	p->marks_file = memory_stream(&cmd_host, &p->marks, &p->marks_size);
	text_write_start(&p->writer, &cmd_host, &p->live.names,
			 p->written_file);
	p->nr_rows = 1; /* the writer's heading */
}

/* Where the statement done last stands among the rows. */
static uint64_t add_row(struct player_run *p)
{
	struct event ev = *p->live.ev;

	p->last_line = ev.line;
	if (p->as_text)
		return ev.line - 1 - p->first_row;
	ev.line = 0;
	text_write(&p->writer, &ev);
	return p->nr_rows++;
}

static void end_rows(struct player_run *p)
{
	if (!p->written_file)
		return;
	text_write_end(&p->writer);
	fclose(p->written_file);
	p->written_file = NULL;
}

/* The text as lines behind the first so many, up to the last one that is
 * wanted, as a JSON array. */
static void put_rows(const char *text, size_t size, uint64_t first,
		     uint64_t last, FILE *out)
{
	const char *end = text + size;

	putc('[', out);
	for (uint64_t n = 0; text < end && n < last; n++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t len = (size_t)((newline ? newline : end) - text);

		if (n > first)
			fputs(",\n", out);
		if (n >= first)
			json_string_html(text, len, out);
		text += len + 1;
	}
	putc(']', out);
}

/* The file's own bytes, unpacked. false after a message. */
static bool read_text(const char *path, char **text, size_t *size)
{
	FILE *f = memory_stream(&cmd_host, text, size);
	char buf[1 << 14];
	struct stream s;
	ssize_t n = -1;

	if (!stream_open(&s, &cmd_host, path))
		while ((n = stream_read(&s, buf, sizeof(buf))) > 0)
			fwrite(buf, 1, (size_t)n, f);
	if (n < 0)
		complain("%s: %s", path, s.error);
	stream_close(&s);
	fclose(f);
	return n == 0;
}

static bool put_text(struct player_run *p)
{
	char *text = NULL;
	size_t size = 0;
	bool ok = true;

	fputs("],\n\"rows\":", p->out.f);
	end_rows(p);
	if (!p->as_text) {
		put_rows(p->written, p->written_size, 0, UINT64_MAX,
			 p->out.f);
		return true;
	}
	ok = read_text(p->options.trace, &text, &size);
	put_rows(text, size, p->first_row,
		 p->live.ended ? UINT64_MAX : p->last_line, p->out.f);
	free(text);
	return ok;
}

/* ---- steps ---- */

static void put_outcome(const struct live *l, FILE *out)
{
	char text[300];
	size_t len;

	if (!l->outcome || l->outcome->kind == OUTCOME_SILENT)
		return;
	len = outcome_print(l->outcome, text, sizeof(text));
	fputs("\"outcome\":", out);
	json_string_html(text, len < sizeof(text) ? len : sizeof(text) - 1,
			 out);
	putc(',', out);
}

/* The state after the statement done last; row 0, line 0: before them all. */
static void put_step(struct player_run *p, uint64_t row)
{
	const struct live *l = &p->live;
	char *text = NULL;
	size_t size = 0;
	FILE *f = memory_stream(&cmd_host, &text, &size);

	fprintf(f, "%s{\"row\":%llu,\"line\":%llu,\"event\":%llu,",
		p->nr_steps++ ? ",\n" : "", (unsigned long long)row,
		(unsigned long long)(l->ev ? l->ev->line : 0),
		(unsigned long long)l->event);
	if (l->ev)
		fprintf(f, "\"pid\":%u,", l->ev->pid);
	put_outcome(l, f);
	fputs("\"d\":{", f);
	player_step(p->player, f);
	putc('}', f);
	if (p->nr_steps > 1)
		player_story(p->player, &p->explain, f);
	putc('}', f);
	fclose(f);
	fwrite(text, 1, size, p->out.f);
	p->bytes += size;
	free(text);
}

static void put_mark(struct player_run *p, uint64_t row)
{
	const char *name = p->live.mark;

	fputs(p->nr_marks++ ? ",[" : "[", p->marks_file);
	json_string_html(name, strlen(name), p->marks_file);
	fprintf(p->marks_file, ",%llu,%llu]",
		(unsigned long long)(p->nr_steps - 1),
		(unsigned long long)row);
}

/* With --from: behind that statement, which may be a mark. */
static void put_first(struct player_run *p)
{
	uint64_t row;

	if (p->as_text && p->live.ev)
		p->first_row = p->live.ev->line - 1;
	row = p->live.ev ? add_row(p) : 0;
	put_step(p, row);
	if (p->live.ev && p->live.ev->kind == EV_MARK)
		put_mark(p, row);
}

static bool is_enough(struct player_run *p)
{
	const struct event *next = live_peek(&p->live);

	if (!next || next->kind == EV_MARK || next->kind == EV_REPORT)
		return false;
	if (p->nr_steps > p->limit)
		p->stopped = "limit";
	else if (p->bytes > MAX_BYTES)
		p->stopped = "size";
	return p->stopped != NULL;
}

static int put_steps(struct player_run *p)
{
	int ret;

	put_first(p);
	while (!is_enough(p)) {
		uint64_t row;

		explain_start(&p->explain);
		ret = live_step(&p->live);
		explain_stop(&p->explain);
		if (interrupted)
			return EXIT_INTERRUPTED;
		if (ret <= 0)
			return ret ? EXIT_BAD : EXIT_FINE;
		row = add_row(p);
		if (p->live.ev->kind == EV_MARK)
			put_mark(p, row);
		else if (p->live.ev->kind != EV_REPORT)
			put_step(p, row);
	}
	return EXIT_FINE;
}

/* ---- the page ---- */

static void put_name(FILE *out, const char *key, const char *text)
{
	fprintf(out, "\"%s\":", key);
	json_string_html(text, strlen(text), out);
	fputs(",\n", out);
}

static void put_beginning(struct player_run *p)
{
	const char *slash = strrchr(p->options.trace, '/');
	FILE *out = p->out.f;

	fputs(player_page_before, out);
	fputs("{", out);
	put_name(out, "trace", slash ? slash + 1 : p->options.trace);
	put_name(out, "lang", p->lang == LANG_JA ? "ja" : "en");
	player_head(p->player, out);
	fputs(",\n\"steps\":[", out);
}

static bool put_end(struct player_run *p)
{
	FILE *out = p->out.f;
	bool ok = put_text(p);

	fflush(p->marks_file);
	fprintf(out, ",\n\"marks\":[%s],\n", p->marks);
	fprintf(out, "\"first_row\":%llu,\n",
		(unsigned long long)p->first_row);
	if (p->stopped)
		put_name(out, "stopped", p->stopped);
	fputs("\"lines\":", out);
	player_lines(p->player, out);
	fputs(",\n\"strings\":", out);
	player_strings(p->player, out);
	fputs("}\n", out);
	fputs(player_page_behind, out);
	return ok;
}

static void tell_stopped(const struct player_run *p)
{
	if (!p->stopped)
		return;
	fprintf(stderr,
		"mmemu: note: %s goes on; the page ends at event %llu (line %llu), %s\n",
		p->options.trace, (unsigned long long)p->live.event,
		(unsigned long long)p->last_line,
		*p->stopped == 'l' ?
			"--limit raises that, --from begins later" :
			"where it has 96M: --from begins later");
}

static int write_page(struct player_run *p)
{
	int status;

	begin_rows(p);
	put_beginning(p);
	status = put_steps(p);
	if (status != EXIT_FINE)
		return status;
	if (!put_end(p) || output_close(&p->out, true))
		return EXIT_BAD;
	tell_stopped(p);
	return live_status(&p->live);
}

static int make_page(struct player_run *p)
{
	struct live *l = &p->live;
	int status;

	if (live_open(l, &p->options))
		return EXIT_BAD;
	if (l->m->max_pfn > PLAYER_MAX_FRAMES)
		return complain("player: %u frames are too many for a page, %u can be shown: --set memory=SIZE",
				l->m->max_pfn, PLAYER_MAX_FRAMES);
	if (p->from.type != POINT_NONE) {
		status = live_to(l, &p->from);
		if (status != EXIT_FINE)
			return status;
	}
	if (output_open(&p->out, p->path))
		return EXIT_BAD;
	p->player = player_new(l->m);
	explain_init(&p->explain, l->m);
	return write_page(p);
}

static void close_all(struct player_run *p)
{
	output_close(&p->out, false);
	end_rows(p);
	if (p->marks_file)
		fclose(p->marks_file);
	free(p->written);
	free(p->marks);
	if (p->player)
		explain_destroy(&p->explain);
	player_free(p->player);
	live_close(&p->live);
}

/* ---- options ---- */

enum { OPT_SET = 256, OPT_FROM, OPT_LIMIT, OPT_LANG, OPT_ROOT };

static int player_option(void *ctx, int o, char *arg)
{
	struct player_run *p = ctx;

	switch (o) {
	case 'o': p->path = arg; return 0;
	case 'c': p->options.config = arg; return 0;
	case OPT_SET: p->options.sets[p->options.nr_sets++] = arg; return 0;
	case OPT_ROOT: p->options.root = arg; return 0;
	case OPT_FROM: return trace_point_parse(&p->from, "--from", arg);
	case OPT_LIMIT:
		return number_option("--limit", arg, 1, UINT64_MAX,
				     "a number of events", &p->limit);
	case OPT_LANG:
		if (!lang_find(arg, &p->lang))
			return complain("--lang %s: expected en or ja", arg);
		return 0;
	default: return usage_error("player");
	}
}

/* -1: go on, else the exit status. */
static int parse(struct player_run *p, int argc, char **argv)
{
	static const struct option options[] = {
		{"output", required_argument, NULL, 'o'},
		{"config", required_argument, NULL, 'c'},
		{"set", required_argument, NULL, OPT_SET},
		{"from", required_argument, NULL, OPT_FROM},
		{"limit", required_argument, NULL, OPT_LIMIT},
		{"lang", required_argument, NULL, OPT_LANG},
		{"root", required_argument, NULL, OPT_ROOT},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int status;

	status = parse_options(argc, argv, "o:c:h", options, help,
			       player_option, p);
	if (status >= 0)
		return status;
	if (argc - optind != 1 || !p->path) {
		complain("player: expected TRACE and -o FILE.html");
		return usage_error("player");
	}
	p->options.trace = argv[optind];
	return -1;
}

int cmd_player(int argc, char **argv)
{
	struct player_run *p = host_alloc(&cmd_host, sizeof(*p));
	size_t size = (size_t)argc * sizeof(*p->options.sets);
	const char **sets = host_alloc(&cmd_host, size);
	int status;

	p->options.sets = sets;
	p->limit = DEFAULT_LIMIT;
	status = parse(p, argc, argv);
	if (status < 0) {
		catch_interrupt();
		status = make_page(p);
		close_all(p);
	}
	host_free(&cmd_host, sets, size);
	host_free(&cmd_host, p, sizeof(*p));
	return status;
}
