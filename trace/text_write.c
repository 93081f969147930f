/*
 * text_write.c - events to text, by the same rows of events.def that the
 * reader walks.
 *
 * Canonical: one space between fields, addresses in hexadecimal, lengths in
 * decimal (pages stay pages, labels stay labels), defaults left out, words in
 * the order of the table, `-> NAME` before `!NAME`, quotes only where needed.
 */
#include "trace/text_write.h"
#include "trace/digits.h"

#include <string.h>

#define BUF_SIZE ((size_t)64 << 10)

void text_write_start(struct text_writer *w, const struct host_ops *host,
		      const struct names *names, FILE *out)
{
	memset(w, 0, sizeof(*w));
	w->host = host ? host : &host_default_ops;
	w->names = names;
	w->out = out;
	w->buf = host_alloc(w->host, BUF_SIZE);
}

static void flush(struct text_writer *w)
{
	fwrite(w->buf, 1, w->at, w->out);
	w->at = 0;
}

void text_write_end(struct text_writer *w)
{
	flush(w);
	host_free(w->host, w->buf, BUF_SIZE);
	w->buf = NULL;
}

static inline void put_char(struct text_writer *w, char c)
{
	if (unlikely(w->at == BUF_SIZE))
		flush(w);
	w->buf[w->at++] = c;
}

static void put_bytes(struct text_writer *w, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put_char(w, text[i]);
}

static void put_text(struct text_writer *w, const char *text)
{
	put_bytes(w, text, strlen(text));
}

static void put_decimal(struct text_writer *w, uint64_t n)
{
	char digits[MAX_DIGITS];

	put_bytes(w, digits, put_digits(digits, n));
}

static void put_hex(struct text_writer *w, uint64_t n)
{
	unsigned shift = n ? (fls64(n) - 1) / 4 * 4 : 0;

	for (;; shift -= 4) {
		put_char(w, "0123456789abcdef"[n >> shift & 15]);
		if (!shift)
			break;
	}
}

/* A field that stands as it is, not one that a reader would take apart. */
static bool plain_text(const char *text, size_t len)
{
	if (!len || text[0] == '!' || (len == 2 && !memcmp(text, "->", 2)))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] <= ' ' || (uint8_t)text[i] >= 0x7f ||
		    text[i] == '"' || text[i] == '#')
			return false;
	return true;
}

static void put_quoted(struct text_writer *w, const char *text, size_t len)
{
	put_char(w, '"');
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c == '"' || c == '\\') {
			put_char(w, '\\');
			put_char(w, (char)c);
		} else if (c == '\n') {
			put_text(w, "\\n");
		} else if (c == '\t') {
			put_text(w, "\\t");
		} else if (c < 0x20 || c >= 0x7f) {
			put_text(w, "\\x");
			put_char(w, "0123456789ABCDEF"[c >> 4]);
			put_char(w, "0123456789ABCDEF"[c & 15]);
		} else {
			put_char(w, (char)c);
		}
	}
	put_char(w, '"');
}

static void put_name(struct text_writer *w, uint32_t id)
{
	const struct name *n = name_get(w->names, id);

	put_char(w, ' ');
	if (plain_text(n->text, n->len))
		put_bytes(w, n->text, n->len);
	else
		put_quoted(w, n->text, n->len);
}

static void put_number(struct text_writer *w, const struct quantity *q)
{
	put_char(w, ' ');
	put_decimal(w, q->pages ? q->pages : q->bytes);
	if (q->pages)
		put_char(w, 'p');
}

static void put_address(struct text_writer *w, const struct quantity *q)
{
	put_char(w, ' ');
	if (q->label)
		put_text(w, name_text(w->names, q->label));
	if (q->bytes || !(q->label || q->pages)) {
		put_text(w, q->label ? "+0x" : "0x");
		put_hex(w, q->bytes);
	}
	if (q->pages) {
		if (q->label || q->bytes)
			put_char(w, '+');
		put_decimal(w, q->pages);
		put_char(w, 'p');
	}
}

static void put_word(struct text_writer *w, const char *word)
{
	put_char(w, ' ');
	put_text(w, word);
}

/* The name of most bits that says nothing more than is wanted. */
static const struct gfp_name *largest_gfp(gfp_t gfp)
{
	const struct gfp_name *best = NULL;

	for (unsigned i = 0; i < nr_gfp_names; i++) {
		const struct gfp_name *g = &gfp_names[i];

		if (!(g->value & ~gfp) &&
		    (!best || __builtin_popcount(g->value) >
				      __builtin_popcount(best->value)))
			best = g;
	}
	return best;
}

static void put_gfp(struct text_writer *w, gfp_t gfp)
{
	char sep = ' ';

	do {
		const struct gfp_name *g = largest_gfp(gfp);

		put_char(w, sep);
		put_text(w, g->name);
		gfp &= ~g->value;
		sep = '|';
	} while (gfp);
}

static void put_value(struct text_writer *w, const struct event *ev)
{
	uint64_t n = 0;

	if (!(ev->flags & EVF_VALUE))
		return;
	put_text(w, " = ");
	if (ev->flags & EVF_STRING) {
		put_quoted(w, (const char *)ev->value, ev->value_len);
		return;
	}
	for (unsigned i = ev->value_len; i-- > 0;)
		n = n << 8 | ev->small[i];
	put_decimal(w, n);
}

static void put_prot(struct text_writer *w, unsigned prot)
{
	put_char(w, ' ');
	for (unsigned i = 0; i < 3; i++)
		put_char(w, prot >> i & 1 ? "rwx"[i] : '-');
}

static void put_backing(struct text_writer *w, const struct event *ev,
			unsigned slot)
{
	if (!(ev->flags & EVF_FILE)) {
		put_word(w, "anon");
		return;
	}
	put_word(w, "file");
	put_name(w, ev->name);
	put_number(w, &ev->x[slot]);
}

static void put_choice(struct text_writer *w, const struct word *words,
		       unsigned value)
{
	for (; words->text; words++)
		if (words->value == value)
			put_word(w, words->text);
}

static void put_report(struct text_writer *w, const struct event *ev)
{
	put_name(w, ev->name);
	if (ev->pid2) {
		put_char(w, ' ');
		put_decimal(w, ev->pid2);
	}
}

static void put_device(struct text_writer *w, const struct event *ev)
{
	char dev[32];

	snprintf(dev, sizeof(dev), " dev %02x:%02x", ev->major, ev->minor);
	put_text(w, dev);
}

static void put_worded(struct text_writer *w, const struct event *ev,
		       const struct arg *a)
{
	switch ((enum arg_type)a->type) {
	case ARG_FLAG:
	case ARG_EXCLUSIVE:
		if (ev->flags & a->bit)
			put_word(w, a->word);
		break;
	case ARG_OPT_WORD:
	case ARG_STRIDE:
		if (!EV_HAS(ev, a->slot))
			break;
		put_word(w, a->word);
		put_number(w, &ev->x[a->slot]);
		break;
	case ARG_FIXED_ADDR:
		if (!EV_HAS(ev, a->slot))
			break;
		put_word(w, a->word);
		put_address(w, &ev->x[a->slot]);
		break;
	case ARG_DEV:
		if (ev->flags & EVF_DEV)
			put_device(w, ev);
		break;
	case ARG_FILE_AS:
		if (!ev->name2)
			break;
		put_word(w, a->word);
		put_name(w, ev->name2);
		break;
	case ARG_VALUE:
		put_value(w, ev);
		break;
	default:
		break;
	}
}

static void put_arg(struct text_writer *w, const struct event *ev,
		    const struct arg *a)
{
	switch ((enum arg_type)a->type) {
	case ARG_ADDR:
		put_address(w, &ev->x[a->slot]);
		break;
	case ARG_ADDR_NULL:
		if (ev->flags & EVF_NULL)
			put_word(w, "-");
		else
			put_address(w, &ev->x[a->slot]);
		break;
	case ARG_SIZE:
		put_word(w, a->word);
		put_number(w, &ev->x[a->slot]);
		break;
	case ARG_NUMBER:
		put_number(w, &ev->x[a->slot]);
		break;
	case ARG_OPT_NUMBER:
		if (EV_HAS(ev, a->slot))
			put_number(w, &ev->x[a->slot]);
		break;
	case ARG_SIGNED:
		put_text(w, ev->flags & EVF_NEGATIVE ? " -" : " ");
		put_decimal(w, ev->x[a->slot].pages ? ev->x[a->slot].pages
						    : ev->x[a->slot].bytes);
		if (ev->x[a->slot].pages)
			put_char(w, 'p');
		break;
	case ARG_PROT:
		put_prot(w, ev->prot);
		break;
	case ARG_SHARE:
		put_word(w, ev->flags & EVF_SHARED ? "shared" : "private");
		break;
	case ARG_BACKING:
		put_backing(w, ev, a->slot);
		break;
	case ARG_CHOICE:
		put_choice(w, a->words, ev->choice);
		break;
	case ARG_PID:
		put_char(w, ' ');
		put_decimal(w, ev->pid2);
		break;
	case ARG_NEW_FILE:
	case ARG_PROGRAM:
	case ARG_NAME:
	case ARG_MARK:
		put_name(w, ev->name);
		break;
	case ARG_COMM:
		if (ev->name)
			put_name(w, ev->name);
		break;
	case ARG_GFP:
		put_gfp(w, ev->gfp);
		break;
	case ARG_SETTING:
		if (ev->flags & EVF_NULL)
			put_word(w, "unlimited");
		else if (EV_HAS(ev, a->slot))
			put_number(w, &ev->x[a->slot]);
		break;
	case ARG_REPORT:
		put_report(w, ev);
		break;
	default:
		put_worded(w, ev, a);
		break;
	}
}

/* Empty lines up to the one that the statement came from. */
static void go_to_line(struct text_writer *w, uint64_t line)
{
	if (!w->line) {
		w->line = 1;
		if (line != 1) {
			put_text(w, "mmemu-trace 1\n");
			w->line = 2;
		}
	}
	for (; w->line < line; w->line++)
		put_char(w, '\n');
	w->line++;
}

void text_write(struct text_writer *w, const struct event *ev)
{
	const struct event_type *t = &event_types[ev->kind];

	go_to_line(w, ev->line);
	if (t->actor == ACTOR_PID) {
		put_decimal(w, ev->pid);
		put_char(w, ' ');
	} else if (t->actor == ACTOR_KERNEL) {
		put_text(w, "kernel ");
	}
	put_text(w, t->word);
	for (const struct arg *a = t->args; a->type != ARG_END; a++)
		put_arg(w, ev, a);
	if (ev->bind) {
		put_text(w, " ->");
		put_name(w, ev->bind);
	}
	if (ev->expect) {
		put_text(w, " !");
		put_text(w, failure_name(ev->expect));
	}
	put_char(w, '\n');
}

void text_write_comment(struct text_writer *w, const char *text)
{
	go_to_line(w, 0);
	put_text(w, "# ");
	put_text(w, text);
	put_char(w, '\n');
}
