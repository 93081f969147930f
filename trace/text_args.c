/*
 * text_args.c - the arguments of a statement, by its row in events.def.
 *
 *   100 mremap old 8K 16K   maymove fixed 0x20000000   -> new   !ENOMEM
 *   --- ------ -----------  ------------------------   ------   -------
 *   actor word positional   words, in any order        any order
 */
#include "trace/text_args.h"

#include <stdio.h>
#include <string.h>

/* What is known of the statement while it is read. */
struct statement {
	struct lexer *lex;
	struct event *ev;
	const struct event_type *type;
	uint32_t seen;	     /* rows of args whose word was there */
	struct field name;   /* where ev->name stands */
};

static void set_x(struct event *ev, unsigned slot, struct quantity q)
{
	ev->x[slot] = q;
	ev->has |= (uint8_t)(1u << slot);
}

static bool take_number(struct statement *s, const struct arg *a)
{
	struct quantity q;

	if (!lex_number(s->lex, a->word, &q))
		return false;
	set_x(s->ev, a->slot, q);
	return true;
}

static bool take_address(struct statement *s, const struct arg *a)
{
	struct quantity q;

	if (!lex_address(s->lex, a->word, &q))
		return false;
	set_x(s->ev, a->slot, q);
	return true;
}

static bool take_signed(struct statement *s, const struct arg *a)
{
	struct field *f = &s->lex->field;

	if (f->text && !f->quoted && f->len > 1 && f->text[0] == '-') {
		s->ev->flags |= EVF_NEGATIVE;
		f->text++;
		f->len--;
		f->column++;
	}
	return take_number(s, a);
}

static bool take_prot(struct statement *s)
{
	static const char letters[] = "rwx";
	const struct field *f = &s->lex->field;
	unsigned prot = 0;

	if (!f->text || f->quoted || f->len != 3)
		goto bad;
	for (unsigned i = 0; i < 3; i++) {
		if (f->text[i] == letters[i])
			prot |= 1u << i;
		else if (f->text[i] != '-')
			goto bad;
	}
	s->ev->prot = (uint8_t)prot;
	return lex_next(s->lex);
bad:
	return lex_expected(s->lex, "PROT, three letters such as rw- or r-x");
}

static bool take_share(struct statement *s)
{
	if (lex_is(s->lex, "shared"))
		s->ev->flags |= EVF_SHARED;
	else if (!lex_is(s->lex, "private"))
		return lex_expected(s->lex, "private or shared");
	return lex_next(s->lex);
}

static bool take_file(struct statement *s)
{
	s->name = s->lex->field;
	if (!lex_name(s->lex, "the PATH of a declared file", &s->ev->name))
		return false;
	if (name_get(s->lex->names, s->ev->name)->flags & NAME_FILE)
		return true;
	s->lex->field = s->name;
	return lex_error(s->lex, "the file is not declared, expected an earlier line \"file PATH size LEN\"");
}

static bool take_backing(struct statement *s, const struct arg *a)
{
	static const struct arg offset = {ARG_NUMBER, 0, 0, "OFFSET", NULL};
	struct arg o = offset;

	if (lex_is(s->lex, "anon"))
		return lex_next(s->lex);
	if (!lex_is(s->lex, "file"))
		return lex_expected(s->lex, "anon, or file PATH OFFSET");
	s->ev->flags |= EVF_FILE;
	o.slot = a->slot;
	return lex_next(s->lex) && take_file(s) && take_number(s, &o);
}

static bool take_choice(struct statement *s, const struct arg *a)
{
	char list[256];
	size_t n = 0;

	for (const struct word *w = a->words; w->text; w++) {
		if (lex_is(s->lex, w->text)) {
			s->ev->choice = (uint8_t)w->value;
			return lex_next(s->lex);
		}
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s",
				      n ? " " : "", w->text);
	}
	return lex_expected(s->lex, list);
}

/* Only behind the words that set something. */
static bool take_setting(struct statement *s, const struct arg *a)
{
	if (s->ev->choice < a->bit)
		return true;
	if (!lex_is(s->lex, "unlimited"))
		return take_number(s, a);
	s->ev->flags |= EVF_NULL;
	return lex_next(s->lex);
}

static bool take_gfp(struct statement *s)
{
	const struct field *f = &s->lex->field;
	size_t bad;

	if (!f->text || f->quoted)
		return lex_expected(s->lex, "GFP names joined by |");
	if (gfp_parse(f->text, f->len, &s->ev->gfp, &bad)) {
		size_t len = f->len - bad;
		const char *bar = memchr(f->text + bad, '|', len);

		if (bar)
			len = (size_t)(bar - f->text) - bad;
		return lex_error_at(s->lex, bad, "unknown GFP name \"%.*s\", expected names as GFP_KERNEL, GFP_ATOMIC|__GFP_ZERO",
				    (int)min_t(size_t, len, 60),
				    f->text + bad);
	}
	return lex_next(s->lex);
}

static bool take_mark(struct statement *s)
{
	const struct field *f = &s->lex->field;

	if (!f->text || f->quoted || !label_text_ok(f->text, f->len) ||
	    f->text[0] == '_')
		return lex_expected(s->lex, "a NAME that begins with a letter");
	return lex_name(s->lex, "NAME", &s->ev->name);
}

/* An unquoted field that ends the arguments: `-> NAME`, `!NAME`. */
static bool at_tail(const struct lexer *lex)
{
	const struct field *f = &lex->field;

	return !f->text ||
	       (!f->quoted && (f->text[0] == '!' || lex_is(lex, "->")));
}

static bool take_new_file(struct statement *s)
{
	if (!lex_name(s->lex, "PATH", &s->ev->name))
		return false;
	name_get(s->lex->names, s->ev->name)->flags |= NAME_FILE;
	return true;
}

static bool take_report(struct statement *s)
{
	const struct field *f = &s->lex->field;
	const struct report_kind *k = NULL;

	if (f->text && !f->quoted)
		k = report_kind_find(f->text, f->len);
	if (!k)
		return lex_expected(s->lex, "a kind of report (maps, buddyinfo, frames ...)");
	if (!lex_name(s->lex, "KIND", &s->ev->name))
		return false;
	if (k->needs_pid)
		return lex_pid(s->lex, "the PID that the report is of",
			       &s->ev->pid2);
	if (f->text && !lex_is(s->lex, "as"))
		return lex_expected(s->lex, "as FILE or the end of the line: this report is of the whole machine");
	return true;
}

static bool positional(struct statement *s, const struct arg *a)
{
	switch ((enum arg_type)a->type) {
	case ARG_ADDR:
		return take_address(s, a);
	case ARG_ADDR_NULL:
		if (!lex_is(s->lex, "-"))
			return take_address(s, a);
		s->ev->flags |= EVF_NULL;
		return lex_next(s->lex);
	case ARG_NUMBER:
		return take_number(s, a);
	case ARG_OPT_NUMBER:
		if (!s->lex->field.text || s->lex->field.quoted ||
		    (unsigned)(s->lex->field.text[0] - '0') > 9)
			return true;
		return take_number(s, a);
	case ARG_SIZE:
		if (!lex_is(s->lex, a->word))
			return lex_expected(s->lex, "size LEN");
		return lex_next(s->lex) && take_number(s, a);
	case ARG_SIGNED:
		return take_signed(s, a);
	case ARG_PROT:
		return take_prot(s);
	case ARG_SHARE:
		return take_share(s);
	case ARG_BACKING:
		return take_backing(s, a);
	case ARG_CHOICE:
		return take_choice(s, a);
	case ARG_PID:
		return lex_pid(s->lex, a->word, &s->ev->pid2);
	case ARG_NEW_FILE:
		return take_new_file(s);
	case ARG_PROGRAM:
		s->name = s->lex->field;
		return lex_name(s->lex, a->word, &s->ev->name);
	case ARG_COMM:
		return at_tail(s->lex) ||
		       lex_name(s->lex, a->word, &s->ev->name);
	case ARG_NAME:
		return lex_name(s->lex, a->word, &s->ev->name);
	case ARG_MARK:
		return take_mark(s);
	case ARG_GFP:
		return take_gfp(s);
	case ARG_SETTING:
		return take_setting(s, a);
	case ARG_REPORT:
		return take_report(s);
	default:
		return true;
	}
}

/* ---- arguments behind a word ---- */

static bool take_dev(struct statement *s)
{
	const struct field *f = &s->lex->field;
	uint64_t part[2] = {0, 0};
	unsigned i = 0;
	size_t digits = 0;

	if (!f->text || f->quoted)
		goto bad;
	for (size_t k = 0; k < f->len; k++) {
		char c = f->text[k];
		bool digit = c >= '0' && c <= '9';

		if (c == ':' && !i && digits) {
			i = 1;
			digits = 0;
			continue;
		}
		if (!digit && !((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
			goto bad;
		part[i] = part[i] << 4 |
			  (uint64_t)(digit ? c - '0' : (c | 0x20) - 'a' + 10);
		if (++digits > 5)
			goto bad;
	}
	if (!i || !digits || part[0] > 0xfff || part[1] > 0xfffff)
		goto bad;
	s->ev->major = (uint32_t)part[0];
	s->ev->minor = (uint32_t)part[1];
	s->ev->flags |= EVF_DEV;
	return lex_next(s->lex);
bad:
	return lex_expected(s->lex, "MAJ:MIN in hexadecimal, such as 08:01");
}

static bool take_as(struct statement *s)
{
	const struct field *f = &s->lex->field;

	if (f->text && !output_name_ok(f->text, f->len))
		return lex_error(s->lex, "the file would lie outside of the output folder, expected a relative path without ..");
	return lex_name(s->lex, "FILE", &s->ev->name2);
}

static bool take_value_number(struct statement *s)
{
	const struct quantity *len = &s->ev->x[X_LEN];
	struct field at = s->lex->field;
	uint64_t width = 1, n;

	if (EV_HAS(s->ev, X_LEN))
		width = len->pages ? UINT64_MAX : len->bytes;
	if (!lex_plain_number(s->lex, "VALUE, a number or a quoted string",
			      &n))
		return false;
	if (width - 1 > 7 || (width < 8 && n >> (8 * width))) {
		s->lex->field = at;
		if (width - 1 > 7)
			return lex_error(s->lex, "a number is stored in 1 to 8 bytes, expected another LEN or a quoted string");
		return lex_error(s->lex, "the value does not fit in %u byte%s, expected a larger LEN",
				 (unsigned)width, width == 1 ? "" : "s");
	}
	for (unsigned i = 0; i < 8; i++)
		s->ev->small[i] = (uint8_t)(n >> (8 * i));
	s->ev->value_len = (uint32_t)width;
	return true;
}

static bool take_value(struct statement *s)
{
	const struct field *f = &s->lex->field;
	const struct quantity *len = &s->ev->x[X_LEN];

	if (EV_HAS(s->ev, X_ARG))
		return lex_error(s->lex, "VALUE and stride together, expected one of them");
	s->ev->flags |= EVF_VALUE;
	if (!f->quoted)
		return take_value_number(s);
	if (EV_HAS(s->ev, X_LEN) && (len->pages || len->bytes != f->len))
		return lex_error(s->lex, "the string has %zu bytes, expected as many as LEN says",
				 f->len);
	s->ev->flags |= EVF_STRING;
	s->ev->value = (const uint8_t *)f->text;
	s->ev->value_len = (uint32_t)f->len;
	return lex_next(s->lex);
}

static bool take_stride(struct statement *s, const struct arg *a,
			struct field at)
{
	const struct quantity *q = &s->ev->x[a->slot];

	if (!take_number(s, a))
		return false;
	if (!(s->ev->flags & EVF_VALUE) && (q->bytes || q->pages))
		return true;
	s->lex->field = at;
	if (s->ev->flags & EVF_VALUE)
		return lex_error(s->lex, "VALUE and stride together, expected one of them");
	return lex_error(s->lex, "a stride of 0, expected 1 or more");
}

/* A flag; neither it nor its neighbour in the table may be there already when
 * the two exclude each other. */
static bool take_flag(struct statement *s, const struct arg *a,
		      struct field at)
{
	const struct arg *pair = a->type == ARG_EXCLUSIVE ? a - 1 : a;

	if (pair[1].type == ARG_EXCLUSIVE &&
	    s->ev->flags & (pair[0].bit | pair[1].bit)) {
		s->lex->field = at;
		return lex_error(s->lex, "%s and %s together, expected one of them",
				 pair[0].word, pair[1].word);
	}
	s->ev->flags |= a->bit;
	return true;
}

/* at: where the word stands that was just taken. */
static bool take_word(struct statement *s, const struct arg *a, struct field at)
{
	switch ((enum arg_type)a->type) {
	case ARG_OPT_WORD:
		return take_number(s, a);
	case ARG_STRIDE:
		return take_stride(s, a, at);
	case ARG_FIXED_ADDR:
		s->ev->flags |= a->bit;
		return take_address(s, a);
	case ARG_DEV:
		return take_dev(s);
	case ARG_FILE_AS:
		return take_as(s);
	case ARG_VALUE:
		return take_value(s);
	default:
		return take_flag(s, a, at);
	}
}

/* Everything that is introduced by a word of its own. */
static bool worded(struct statement *s, const struct arg *first)
{
	while (!at_tail(s->lex)) {
		const struct arg *a = first;
		struct field at = s->lex->field;
		uint32_t bit;

		while (a->type != ARG_END && !lex_is(s->lex, a->word))
			a++;
		if (a->type == ARG_END)
			return true;
		bit = 1u << (a - s->type->args);
		if (s->seen & bit)
			return lex_error(s->lex, "%s twice, expected it once",
					 a->word);
		s->seen |= bit;
		if (!lex_next(s->lex) || !take_word(s, a, at))
			return false;
	}
	return true;
}

/* ---- the tail ---- */

static bool take_binding(struct statement *s)
{
	const struct field *f = &s->lex->field;

	if (!(s->type->flags & EVT_RESULT))
		return lex_error(s->lex, "%s has no result to bind, expected the end of the line",
				 s->type->word);
	if (s->ev->bind)
		return lex_error(s->lex, "a second -> NAME, expected one");
	if (!lex_next(s->lex))
		return false;
	if (!f->text || f->quoted || !label_text_ok(f->text, f->len))
		return lex_expected(s->lex, "a NAME of letters, digits and _ . - behind ->");
	return lex_name(s->lex, "NAME", &s->ev->bind);
}

static bool take_expectation(struct statement *s)
{
	const struct field *f = &s->lex->field;

	if (!(s->type->flags & EVT_EXPECT))
		return lex_error(s->lex, "%s cannot fail, expected the end of the line",
				 s->type->word);
	if (s->ev->expect)
		return lex_error(s->lex, "a second !NAME, expected one");
	s->ev->expect = failure_find(f->text + 1, f->len - 1);
	if (!s->ev->expect)
		return lex_expected(s->lex, "!ERRNO or !SIGNAL, such as !ENOMEM or !SIGSEGV");
	return lex_next(s->lex);
}

static bool tail(struct statement *s)
{
	while (s->lex->field.text && at_tail(s->lex)) {
		if (s->lex->field.text[0] == '!' ? !take_expectation(s)
						 : !take_binding(s))
			return false;
	}
	return true;
}

/* What might have stood where a field is that nobody takes. */
static bool unexpected(struct statement *s, const struct arg *words)
{
	char list[200] = "";
	size_t n = 0;

	for (const struct arg *a = words; a->type != ARG_END; a++)
		if (!(s->seen & 1u << (a - s->type->args)))
			n += (size_t)snprintf(list + n, sizeof(list) - n,
					      "%s, ", a->word);
	if (s->type->flags & EVT_RESULT && !s->ev->bind)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "->, ");
	if (s->type->flags & EVT_EXPECT && !s->ev->expect)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "!NAME, ");
	if (n)
		snprintf(list + n - 2, sizeof(list) - n + 2,
			 " or the end of the line");
	return lex_expected(s->lex, n ? list : "the end of the line");
}

static bool arguments(struct statement *s)
{
	const struct arg *a = s->type->args;
	struct names *names = s->lex->names;

	for (; a->type != ARG_END && a->type < ARG_FLAG; a++)
		if (!positional(s, a))
			return false;
	if (!worded(s, a) || !tail(s))
		return false;
	if (s->lex->field.text)
		return unexpected(s, a);
	if (s->ev->kind == EV_EXEC) {
		struct name *n = name_get(names, s->ev->name);

		if (!(n->flags & NAME_FILE) && !EV_HAS(s->ev, X_ADDR) &&
		    !EV_HAS(s->ev, X_LEN)) {
			s->lex->field = s->name;
			return lex_error(s->lex, "the file is not declared, expected an earlier line \"file PATH size LEN\", or text LEN behind");
		}
		n->flags |= NAME_FILE;
	}
	if (s->ev->bind)
		name_get(names, s->ev->bind)->flags |= NAME_BOUND;
	return true;
}

static bool take_actor(struct lexer *lex, struct event *ev,
		       enum event_actor *actor)
{
	*actor = ACTOR_NONE;
	if (lex->field.quoted)
		return lex_error(lex, "a quoted field, expected a PID, kernel or the word of a statement");
	if ((unsigned)(lex->field.text[0] - '0') <= 9) {
		*actor = ACTOR_PID;
		return lex_pid(lex, "the PID of an event's actor", &ev->pid);
	}
	if (!lex_is(lex, "kernel"))
		return true;
	*actor = ACTOR_KERNEL;
	return lex_next(lex);
}

bool text_statement(struct lexer *lex, struct event *ev)
{
	static const char *const what[] = {
		[ACTOR_NONE] = "a PID, kernel, or a statement about the machine (file, mark, report ...)",
		[ACTOR_PID] = "an event of a process (mmap, read, write, fork ...)",
		[ACTOR_KERNEL] = "an event of the kernel (alloc_pages, kmalloc ...)",
	};
	struct statement s = {.lex = lex, .ev = ev};
	enum event_actor actor;
	int kind = -1;

	memset(ev, 0, sizeof(*ev));
	if (!take_actor(lex, ev, &actor))
		return false;
	if (lex->field.text && !lex->field.quoted)
		kind = event_kind_find(actor, lex->field.text, lex->field.len);
	if (kind < 0)
		return lex_expected(lex, what[actor]);
	ev->kind = (uint8_t)kind;
	s.type = &event_types[kind];
	return lex_next(lex) && arguments(&s);
}
