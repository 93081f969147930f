/*
 * shrink.c - mmemu shrink: the smallest trace that still fails.
 *
 * Delta debugging (Zeller 1999): the statements are cut into n parts; a part
 * that can be left out is; when none can, n doubles, until the parts are
 * single statements and none of them can go. Then single fields go the same
 * way. "Fails" means: the command ends as it did for the whole trace, with the
 * same exit status or signal, so that another failure does not take its place.
 *
 *	########  n=2   ####____ fails  ►  ####  n=2   ##__ no  __## no
 *	                                   n=4   #_##  fails  ►  ...
 */
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/output.h"
#include "cmd/strings.h"
#include "formats/memory_stream.h"
#include "trace/reader.h"
#include "trace/text_write.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char help[] =
	"usage: mmemu shrink TRACE --fails CMD [OPTION]...\n"
	"\n"
	"Leaves out statements, then single fields, as long as CMD still ends as it does\n"
	"for the whole trace. CMD is a shell command; {} in it is the trace. Where one\n"
	"exit status stands for several failures, let CMD look at the messages too:\n"
	"--fails '! mmemu replay {} 2>&1 | grep -q \"BUG: kfree\"'\n"
	"\n"
	"  -f, --fails CMD     ends with another status than 0 for TRACE\n"
	"  -o, --output FILE   the small trace; default standard output\n"
	"      --tries N       runs of CMD at most (20000)\n"
	"  -h, --help          this\n"
	"\n"
	"Example:\n"
	"  mmemu shrink big.trace --fails 'mmemu replay {} --check' -o small.trace\n";

static const struct option options[] = {
	{"fails", required_argument, NULL, 'f'},
	{"output", required_argument, NULL, 'o'},
	{"tries", required_argument, NULL, 't'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

#define NOT_RUN 126 /* and 127: the shell found no such command */

struct shrink {
	const char *trace, *fails, *output;
	uint64_t tries;
	char *command;
	struct output candidate; /* a file to be tried */
	char **line;
	size_t nr, max;
	bool *out; /* by line: left out in the candidate */
	int status; /* to be seen again */
	bool broken; /* the candidate cannot be written */
};

/* ---- the trace as lines ---- */

static void add_line(struct shrink *s, const char *text, size_t len)
{
	char *line = host_alloc(&cmd_host, len + 1);

	memcpy(line, text, len);
	if (s->nr == s->max) {
		size_t max = s->max ? 2 * s->max : 256;

		s->line = host_realloc(&cmd_host, s->line,
				       s->max * sizeof(line),
				       max * sizeof(line));
		s->max = max;
	}
	s->line[s->nr++] = line;
}

static void split_lines(struct shrink *s, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n && *text != '#' && strncmp(text, "mmemu-trace ", 12))
			add_line(s, text, n);
		text += n + (text[n] == '\n');
	}
}

/* All statements as canonical text; -1: r->error. */
static int write_all(struct trace_reader *r, struct names *names, FILE *out)
{
	const struct event *ev;
	struct text_writer w;
	int ret;

	text_write_start(&w, &cmd_host, names, out);
	while ((ret = trace_read(r, &ev)) > 0) {
		struct event copy = *ev;

		copy.line = 0; /* one statement a line */
		text_write(&w, &copy);
	}
	text_write_end(&w);
	return ret;
}

static int read_lines(struct shrink *s)
{
	struct trace_reader *r = host_alloc(&cmd_host, sizeof(*r));
	struct names names;
	size_t len;
	char *text;
	FILE *out = memory_stream(&cmd_host, &text, &len);
	int ret;

	names_init(&names, &cmd_host);
	ret = trace_open(r, &cmd_host, &names, s->trace);
	if (!ret)
		ret = write_all(r, &names, out);
	fclose(out);
	if (ret < 0)
		complain_trace(s->trace, &r->error);
	else
		split_lines(s, text);
	trace_close(r);
	free(r);
	names_destroy(&names);
	free(text);
	return ret < 0 ? -1 : 0;
}

/* ---- a try ---- */

static void write_lines(const struct shrink *s, FILE *f)
{
	fputs("mmemu-trace 1\n", f);
	for (size_t i = 0; i < s->nr; i++)
		if (!s->out[i])
			fprintf(f, "%s\n", s->line[i]);
}

/* How CMD ends for the candidate: as wait() says, or -1. */
static int run_candidate(struct shrink *s)
{
	FILE *f = fopen(s->candidate.temp, "w");
	int status = -1;
	pid_t pid;

	if (!f)
		goto broken;
	write_lines(s, f);
	if (ferror(f) | fclose(f))
		goto broken;
	fflush(stdout);
	fflush(stderr);
	pid = fork();
	if (!pid) {
		if (!freopen("/dev/null", "w", stdout) ||
		    !freopen("/dev/null", "w", stderr))
			_exit(127);
		execl("/bin/sh", "sh", "-c", s->command, (char *)NULL);
		_exit(127);
	}
	if (pid < 0)
		goto broken;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
broken:
	complain("cannot try %s: %s", s->candidate.temp, strerror(errno));
	s->broken = true;
	return -1;
}

static bool still_fails(struct shrink *s)
{
	if (s->broken || interrupted || !s->tries)
		return false;
	s->tries--;
	return run_candidate(s) == s->status;
}

/* ---- statements ---- */

static void drop_lines(struct shrink *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nr; i++) {
		if (s->out[i])
			free(s->line[i]);
		else
			s->line[n++] = s->line[i];
		s->out[i] = false;
	}
	s->nr = n;
}

/* Leaves out each of n parts in turn, from the end. true: some could go. */
static bool try_parts(struct shrink *s, size_t part)
{
	bool some = false;

	for (size_t end = s->nr; end;) {
		size_t from = end > part ? end - part : 0;

		memset(s->out + from, true, end - from);
		if (still_fails(s)) {
			drop_lines(s);
			some = true;
		} else {
			memset(s->out + from, false, end - from);
		}
		end = from;
	}
	return some;
}

static void shrink_lines(struct shrink *s)
{
	size_t part = (s->nr + 1) / 2;

	while (s->nr && part && s->tries && !interrupted) {
		bool some = try_parts(s, part);

		if (part == 1 && !some)
			break;
		if (!some || part > s->nr)
			part = (part + 1) / 2;
	}
}

/* ---- fields ---- */

/* The line without the field at `at`, to be free()d; also "= VALUE". */
static char *without_field(const char *line, const char *at)
{
	size_t n = strcspn(at, " ");
	char *text;

	if (n == 1 && *at == '=' && at[n])
		n += 1 + strcspn(at + n + 1, " ");
	n += at[n] == ' ';
	text = text_of("%.*s%s", (int)(at - line), line, at + n);
	n = strlen(text);
	if (n && text[n - 1] == ' ')
		text[n - 1] = '\0';
	return text;
}

static bool try_field(struct shrink *s, size_t i, const char *at)
{
	char *whole = s->line[i];

	s->line[i] = without_field(whole, at);
	if (*s->line[i] && still_fails(s)) {
		free(whole);
		return true;
	}
	free(s->line[i]);
	s->line[i] = whole;
	return false;
}

static void shrink_fields(struct shrink *s)
{
	for (size_t i = 0; i < s->nr; i++) {
		size_t at = strlen(s->line[i]);

		while (at > 0 && !strchr(s->line[i], '"')) {
			while (at > 0 && s->line[i][at - 1] != ' ')
				at--;
			if (!at)
				break;
			try_field(s, i, s->line[i] + at);
			at--;
		}
	}
}

/* ---- all of it ---- */

static char *replace(const char *text, const char *what, const char *by)
{
	char *result = text_of("%s", ""), *next;
	const char *at;

	while ((at = strstr(text, what))) {
		next = text_of("%s%.*s%s", result, (int)(at - text), text, by);
		free(result);
		result = next;
		text = at + strlen(what);
	}
	next = text_of("%s%s", result, text);
	free(result);
	return next;
}

static int prepare(struct shrink *s)
{
	if (read_lines(s))
		return -1;
	s->out = host_alloc(&cmd_host, s->nr + 1);
	if (scratch_make(&s->candidate, "mmemu-shrink.XXXXXX.trace"))
		return -1;
	s->command = replace(s->fails, "{}", s->candidate.temp);
	s->status = run_candidate(s);
	if (s->broken)
		return -1;
	if (WIFEXITED(s->status) && (WEXITSTATUS(s->status) & ~1) == NOT_RUN) {
		complain("--fails: the shell cannot run this command (its status is %d)",
			 WEXITSTATUS(s->status));
		return -1;
	}
	if (s->status)
		return 0;
	complain("%s does not fail: the command ends with status 0", s->trace);
	return -1;
}

static int write_result(struct shrink *s)
{
	struct output o;

	if (output_open(&o, s->output))
		return -1;
	write_lines(s, o.f);
	return output_close(&o, true);
}

static int shrink(struct shrink *s)
{
	size_t before;

	catch_interrupt();
	if (prepare(s))
		return EXIT_BAD;
	before = s->nr;
	shrink_lines(s);
	shrink_fields(s);
	shrink_lines(s);
	if (s->broken || write_result(s))
		return EXIT_BAD;
	fprintf(stderr, "%zu of %zu statements are left%s\n", s->nr, before,
		interrupted   ? " (interrupted)"
		: s->tries    ? ""
			      : " (no more tries)");
	return interrupted ? EXIT_INTERRUPTED : EXIT_FINE;
}

static int shrink_option(void *ctx, int o, char *arg)
{
	struct shrink *s = ctx;

	switch (o) {
	case 'f':
		s->fails = arg;
		return 0;
	case 'o':
		s->output = arg;
		return 0;
	case 't':
		return number_option("--tries", arg, 1, UINT64_MAX, "a number",
				     &s->tries);
	default:
		return usage_error("shrink");
	}
}

int cmd_shrink(int argc, char **argv)
{
	struct shrink s = {.output = "-", .tries = 20000};
	int status;

	status = parse_options(argc, argv, "f:o:h", options, help,
			       shrink_option, &s);
	if (status >= 0)
		return status;
	if (optind + 1 != argc || !s.fails || !strstr(s.fails, "{}")) {
		complain("shrink: expected TRACE and --fails 'CMD {}'");
		return usage_error("shrink");
	}
	s.trace = argv[optind];
	status = shrink(&s);
	scratch_remove(&s.candidate);
	for (size_t i = 0; i < s.nr; i++)
		free(s.line[i]);
	free(s.line);
	free(s.out);
	free(s.command);
	return status;
}
