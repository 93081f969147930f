/* convert.c - mmemu convert and mmemu cat: traces read and written again. */
#include "cmd/command.h"
#include "cmd/output.h"
#include "trace/text_read.h"
#include "trace/text_write.h"
#include "trace/zstd_write.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char convert_help[] =
	"usage: mmemu convert FROM TO\n"
	"\n"
	"Writes a trace again, as canonical text: zstd-compressed if TO ends in .zst,\n"
	"plain otherwise. Each statement keeps its line, so outcomes and reports of the\n"
	"two traces have the same names; comments are lost. - is standard input or output.\n"
	"\n"
	"  -l, --level N   how hard zstd tries, 1 to 19 (9)\n"
	"  -h, --help      this\n"
	"\n"
	"Example:\n"
	"  mmemu convert program.trace program.trace.zst\n";

static const char cat_help[] =
	"usage: mmemu cat TRACE...\n"
	"\n"
	"Prints traces as canonical text on standard output.\n"
	"\n"
	"Example:\n"
	"  mmemu cat traces/recorded/sort.trace.zst | head\n";

/* The statements of one trace into a stream. */
static int copy_trace(const char *from, FILE *out)
{
	struct text_reader r;
	struct text_writer w;
	struct names names;
	struct event ev;
	int ret;

	names_init(&names, &cmd_host);
	ret = text_open(&r, &cmd_host, &names, from);
	if (!ret) {
		text_write_start(&w, &cmd_host, &names, out);
		while ((ret = text_read(&r, &ev)) > 0)
			text_write(&w, &ev);
		text_write_end(&w);
	}
	if (ret < 0)
		complain_trace(r.stream.name ? r.stream.name : from, &r.error);
	text_close(&r);
	names_destroy(&names);
	return ret;
}

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && !strcmp(text + n - k, end);
}

/* The stream to write to: o.f itself, or a compressor in front of it. */
FILE *compressing(struct output *o, const char *path, int level)
{
	FILE *f = o->f;

	if (ends_in(path, ".zst")) {
		f = zstd_writer(o->f, level);
		if (!f)
			cmd_host.fail(cmd_host.ctx, 0);
	}
	return f;
}

/* The end of what compressing() gave. true: all was written. */
bool compressed(struct output *o, FILE *f)
{
	return f == o->f || !fclose(f);
}

static int convert(const char *from, const char *to, int level)
{
	struct output o;
	FILE *f;
	int ret;

	if (output_open(&o, to))
		return EXIT_BAD;
	f = compressing(&o, to, level);
	ret = copy_trace(from, f);
	if (!compressed(&o, f) && !ret)
		ret = complain("cannot write %s", to);
	if (output_close(&o, !ret) && !ret)
		ret = -1;
	return ret ? EXIT_BAD : EXIT_FINE;
}

int cmd_convert(int argc, char **argv)
{
	static const struct option options[] = {
		{"level", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int opt, level = 9;

	while ((opt = getopt_long(argc, argv, "l:h", options, NULL)) != -1) {
		if (opt == 'h') {
			fputs(convert_help, stdout);
			return EXIT_FINE;
		}
		if (opt != 'l')
			return usage_error("convert");
		level = atoi(optarg);
		if (level < 1 || level > 19)
			return complain("--level %s: expected 1 to 19", optarg);
	}
	if (argc - optind != 2) {
		complain("convert: expected FROM and TO");
		return usage_error("convert");
	}
	return convert(argv[optind], argv[optind + 1], level);
}

int cmd_cat(int argc, char **argv)
{
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt != 'h')
			return usage_error("cat");
		fputs(cat_help, stdout);
		return EXIT_FINE;
	}
	if (optind == argc) {
		complain("cat: expected a TRACE");
		return usage_error("cat");
	}
	for (int i = optind; i < argc; i++)
		if (copy_trace(argv[i], stdout))
			return EXIT_BAD;
	return EXIT_FINE;
}
