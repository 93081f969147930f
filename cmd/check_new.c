/* check_new.c - mmemu check --new: a scenario of a trace. */
#include "cmd/check.h"
#include "cmd/output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "rb");
	struct output out;
	char buf[16384];
	size_t n;
	bool good;

	if (!in)
		return complain("%s: %s", from, strerror(errno)), -1;
	if (output_open(&out, to)) {
		fclose(in);
		return -1;
	}
	while ((n = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, n, out.f);
	good = !ferror(in);
	if (!good)
		complain("%s: %s", from, strerror(errno));
	fclose(in);
	return output_close(&out, good) || !good ? -1 : 0;
}

/* A YAML string in double quotes. */
static void put_quoted(FILE *f, const char *text)
{
	putc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putc('\\', f);
		putc(*text, f);
	}
	putc('"', f);
}

static void put_list(FILE *f, const char *key, const struct strings *s)
{
	if (!s->nr)
		return;
	fprintf(f, "%s: [", key);
	for (unsigned i = 0; i < s->nr; i++) {
		fputs(i ? ", " : "", f);
		put_quoted(f, s->item[i]);
	}
	fputs("]\n", f);
}

/* A machine's file is copied, so that the scenario is whole in itself. */
static int write_yaml(const struct check *c, const char *path)
{
	const char *config = c->opt.config, *name = c->opt.new_name;
	const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	bool is_file = config && !access(config, F_OK);
	char *copy = text_of("%s.machine.yaml", name);
	char *copy_base = text_of("%s.machine.yaml", base);
	struct output out;
	int ret = is_file ? copy_file(config, copy) : 0;

	if (!ret)
		ret = output_open(&out, path);
	if (!ret) {
		if (config) {
			fputs("config: ", out.f);
			put_quoted(out.f, is_file ? copy_base : config);
			putc('\n', out.f);
		}
		put_list(out.f, "set", &c->opt.sets);
		put_list(out.f, "reports", &c->opt.reports);
		fputs("# tags: [lecture, fork]\n"
		      "# ignore: [slabinfo.active_objs]   # what may differ\n"
		      "# points: 5                        # for check --grade\n",
		      out.f);
		ret = output_close(&out, true);
	}
	free(copy);
	free(copy_base);
	return ret;
}

static const char *suffix_of(const char *trace)
{
	size_t n = strlen(trace);

	for (unsigned i = NR_TRACE_SUFFIXES; i-- > 0;) {
		size_t k = strlen(trace_suffixes[i]);

		if (n > k && !strcmp(trace + n - k, trace_suffixes[i]))
			return trace_suffixes[i];
	}
	return ".trace";
}

int new_scenario(struct check *c, const char *trace)
{
	const char *name = c->opt.new_name;
	char *to = text_of("%s%s", name, suffix_of(trace));
	char *yaml = text_of("%s.yaml", name);
	int ret = -1;

	if (!access(yaml, F_OK))
		complain("--new %s: %s is there already", name, yaml);
	else if (!access(to, F_OK) && strcmp(to, trace))
		complain("--new %s: %s is there already", name, to);
	else if ((strcmp(to, trace) && copy_file(trace, to)) ||
		 write_yaml(c, yaml))
		ret = -1; /* it was said */
	else
		ret = find_scenarios(c, yaml);
	free(to);
	free(yaml);
	return ret;
}
