/* trace_output.c - traces out, in the form that the name asks for. */
#include "cmd/trace_output.h"
#include "cmd/command.h"

#include <string.h>

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && !strcmp(text + n - k, end);
}

bool trace_form_parse(const char *word, enum trace_form *form)
{
	*form = !strcmp(word, "text")	  ? FORM_TEXT
		: !strcmp(word, "binary") ? FORM_BINARY
					  : FORM_BY_NAME;
	return *form != FORM_BY_NAME;
}

int trace_output_open(struct trace_output *t, const char *path,
		      enum trace_form form, const struct names *names,
		      const char *metadata, int level)
{
	t->path = path;
	t->binary = form == FORM_BY_NAME ? ends_in(path, ".mmt")
					 : form == FORM_BINARY;
	if (output_open(&t->o, path))
		return -1;
	t->f = t->binary ? t->o.f : compressing(&t->o, path, level);
	if (t->binary)
		binary_write_start(&t->bin, &cmd_host, names, t->f, metadata,
				   level);
	else
		text_write_start(&t->text, &cmd_host, names, t->f);
	return 0;
}

void trace_output_write(struct trace_output *t, const struct event *ev)
{
	if (t->binary)
		binary_write(&t->bin, ev);
	else
		text_write(&t->text, ev);
}

int trace_output_close(struct trace_output *t, bool keep)
{
	bool good = true;

	if (t->binary)
		good = !binary_write_end(&t->bin);
	else
		text_write_end(&t->text);
	good &= compressed(&t->o, t->f);
	if (!good && keep)
		complain("cannot write %s", t->path);
	return output_close(&t->o, keep && good) || !good ? -1 : 0;
}
