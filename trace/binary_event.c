/*
 * binary_event.c - statements that are no plain accesses, in binary form.
 *
 *   code of the kind │ field mask │ the fields whose bits are set, in their order
 *
 * What is read is checked against the kind's row of events.def, so that whoever
 * gets an event from here gets one that text could have said as well: a file
 * may be damaged on purpose.
 */
#include "trace/binary_format.h"

/* ---- kinds ---- */

void binary_put_kind(struct bytes *b, unsigned kind)
{
	const struct event_type *t = &event_types[kind];

	put_byte(b, t->actor);
	put_varint(b, strlen(t->word));
	put_block(b, t->word, strlen(t->word));
}

int binary_get_kind(struct cursor *c, char word[32])
{
	uint8_t actor = get_byte(c);
	uint64_t len = get_varint(c);

	word[0] = '\0';
	if (c->bad || len > (size_t)(c->end - c->p) || len > 31) {
		c->bad = true;
		return -1;
	}
	memcpy(word, c->p, len);
	word[len] = '\0';
	c->p += len;
	return event_kind_find((enum event_actor)actor, word, len);
}

unsigned kind_code(struct kind_codes *codes, struct bytes *b, unsigned kind)
{
	if (!codes->code[kind]) {
		binary_put_kind(b, kind);
		codes->code[kind] = (uint8_t)++codes->nr;
	}
	return codes->code[kind] - 1u;
}

/* ---- out ---- */

#define QUANTITY_BYTES 1u
#define QUANTITY_PAGES 2u
#define QUANTITY_LABEL 4u

static void put_quantity(struct bytes *b, const struct quantity *q)
{
	put_byte(b, (uint8_t)((q->bytes ? QUANTITY_BYTES : 0) |
			      (q->pages ? QUANTITY_PAGES : 0) |
			      (q->label ? QUANTITY_LABEL : 0)));
	if (q->bytes)
		put_varint(b, q->bytes);
	if (q->pages)
		put_varint(b, q->pages);
	if (q->label)
		put_varint(b, q->label);
}

static uint32_t field_mask(const struct event *ev)
{
	return (uint32_t)(ev->pid != 0) << FIELD_PID |
	       (uint32_t)(ev->has & 15) << FIELD_X0 |
	       (uint32_t)(ev->prot != 0) << FIELD_PROT |
	       (uint32_t)(ev->choice != 0) << FIELD_CHOICE |
	       (uint32_t)(ev->flags != 0) << FIELD_FLAGS |
	       (uint32_t)(ev->expect != 0) << FIELD_EXPECT |
	       (uint32_t)(ev->bind != 0) << FIELD_BIND |
	       (uint32_t)(ev->name != 0) << FIELD_NAME |
	       (uint32_t)(ev->name2 != 0) << FIELD_NAME2 |
	       (uint32_t)(ev->pid2 != 0) << FIELD_PID2 |
	       (uint32_t)(ev->gfp != 0) << FIELD_GFP |
	       (uint32_t)((ev->flags & EVF_DEV) != 0) << FIELD_DEV |
	       (uint32_t)((ev->flags & EVF_VALUE) != 0) << FIELD_VALUE;
}

void binary_put_event(struct bytes *b, const struct event *ev, unsigned code)
{
	uint32_t mask = field_mask(ev);
	const uint64_t plain[NR_FIELDS] = {
		[FIELD_PID] = ev->pid,	       [FIELD_PROT] = ev->prot,
		[FIELD_CHOICE] = ev->choice,   [FIELD_FLAGS] = ev->flags,
		[FIELD_EXPECT] = (uint64_t)ev->expect,
		[FIELD_BIND] = ev->bind,       [FIELD_NAME] = ev->name,
		[FIELD_NAME2] = ev->name2,     [FIELD_PID2] = ev->pid2,
		[FIELD_GFP] = ev->gfp,
	};

	put_byte(b, (uint8_t)code);
	put_varint(b, mask);
	for (unsigned f = 0; f < NR_FIELDS; f++) {
		if (!(mask >> f & 1))
			continue;
		if (f >= FIELD_X0 && f <= FIELD_X3) {
			put_quantity(b, &ev->x[f - FIELD_X0]);
		} else if (f == FIELD_DEV) {
			put_varint(b, ev->major);
			put_varint(b, ev->minor);
		} else if (f == FIELD_VALUE) {
			put_varint(b, ev->value_len);
			put_block(b, event_value(ev), ev->value_len);
		} else {
			put_varint(b, plain[f]);
		}
	}
}

/* ---- in ---- */

static uint32_t get_u32(struct cursor *c)
{
	uint64_t v = get_varint(c);

	if (v > UINT32_MAX)
		c->bad = true;
	return (uint32_t)v;
}

static void get_quantity(struct cursor *c, struct quantity *q)
{
	uint8_t parts = get_byte(c);

	if (parts & QUANTITY_BYTES)
		q->bytes = get_varint(c);
	if (parts & QUANTITY_PAGES)
		q->pages = get_u32(c);
	if (parts & QUANTITY_LABEL)
		q->label = get_u32(c);
	if (parts & ~(QUANTITY_BYTES | QUANTITY_PAGES | QUANTITY_LABEL))
		c->bad = true;
}

static void get_value(struct cursor *c, struct event *ev)
{
	ev->value_len = get_u32(c);
	if (ev->value_len > (size_t)(c->end - c->p) ||
	    (!(ev->flags & EVF_STRING) &&
	     ev->value_len > sizeof(ev->small))) {
		c->bad = true;
		return;
	}
	if (ev->flags & EVF_STRING)
		ev->value = c->p;
	else
		memcpy(ev->small, c->p, ev->value_len);
	c->p += ev->value_len;
}

static void get_field(struct cursor *c, struct event *ev, unsigned f)
{
	uint32_t v;

	if (f >= FIELD_X0 && f <= FIELD_X3) {
		ev->has |= (uint8_t)(1u << (f - FIELD_X0));
		get_quantity(c, &ev->x[f - FIELD_X0]);
		return;
	}
	if (f == FIELD_VALUE) {
		get_value(c, ev);
		return;
	}
	v = get_u32(c);
	switch (f) {
	case FIELD_PID: ev->pid = v; break;
	case FIELD_PROT: ev->prot = (uint8_t)v; break;
	case FIELD_CHOICE: ev->choice = (uint8_t)v; break;
	case FIELD_FLAGS: ev->flags = v; break;
	case FIELD_EXPECT: ev->expect = (int32_t)v; break;
	case FIELD_BIND: ev->bind = v; break;
	case FIELD_NAME: ev->name = v; break;
	case FIELD_NAME2: ev->name2 = v; break;
	case FIELD_PID2: ev->pid2 = v; break;
	case FIELD_GFP: ev->gfp = v; break;
	case FIELD_DEV:
		ev->major = v;
		ev->minor = get_u32(c);
		break;
	default: break;
	}
	if (v > UINT8_MAX && (f == FIELD_PROT || f == FIELD_CHOICE))
		c->bad = true;
}

/* ---- is it one? ---- */

static bool gfp_known(gfp_t gfp)
{
	gfp_t known = 0;

	for (unsigned i = 0; i < nr_gfp_names; i++)
		known |= gfp_names[i].value;
	return !(gfp & ~known);
}

static bool choice_known(const struct word *words, unsigned choice)
{
	for (; words->text; words++)
		if (words->value == choice)
			return true;
	return false;
}

/* Which fields and flags a row of events.def may fill, and which it must. */
struct allowed {
	uint32_t fields, needed, flags;
	uint32_t labels; /* x[] that may name one: addresses */
};

static void allow(struct allowed *a, unsigned field, bool needed)
{
	a->fields |= 1u << field;
	if (needed)
		a->needed |= 1u << field;
}

static void allow_arg(struct allowed *a, const struct arg *arg,
		      const struct event *ev)
{
	unsigned x = FIELD_X0 + arg->slot;

	switch ((enum arg_type)arg->type) {
	case ARG_END: break;
	case ARG_ADDR:
		a->labels |= 1u << arg->slot;
		allow(a, x, true);
		break;
	case ARG_NUMBER:
	case ARG_SIZE: allow(a, x, true); break;
	case ARG_ADDR_NULL:
		a->labels |= 1u << arg->slot;
		a->flags |= EVF_NULL;
		allow(a, x, !(ev->flags & EVF_NULL));
		break;
	case ARG_SIGNED:
		a->flags |= EVF_NEGATIVE;
		allow(a, x, true);
		break;
	case ARG_PROT: allow(a, FIELD_PROT, false); break;
	case ARG_SHARE: a->flags |= EVF_SHARED; break;
	case ARG_BACKING:
		a->flags |= EVF_FILE;
		if (ev->flags & EVF_FILE) {
			allow(a, FIELD_NAME, true);
			allow(a, x, true);
		}
		break;
	case ARG_CHOICE: allow(a, FIELD_CHOICE, false); break;
	case ARG_PID: allow(a, FIELD_PID2, true); break;
	case ARG_SETTING:
		if (ev->choice < arg->bit)
			break;
		a->flags |= EVF_NULL;
		allow(a, x, !(ev->flags & EVF_NULL));
		break;
	case ARG_REPORT:
		allow(a, FIELD_PID2, false);
		allow(a, FIELD_NAME, true);
		break;
	case ARG_NEW_FILE:
	case ARG_PROGRAM:
	case ARG_NAME:
	case ARG_MARK: allow(a, FIELD_NAME, true); break;
	case ARG_COMM: allow(a, FIELD_NAME, false); break;
	case ARG_GFP: allow(a, FIELD_GFP, false); break;
	case ARG_OPT_NUMBER:
	case ARG_OPT_WORD:
	case ARG_STRIDE: allow(a, x, false); break;
	case ARG_FLAG:
	case ARG_EXCLUSIVE: a->flags |= arg->bit; break;
	case ARG_FIXED_ADDR:
		a->labels |= 1u << arg->slot;
		a->flags |= EVF_FIXED;
		allow(a, x, ev->flags & EVF_FIXED);
		break;
	case ARG_DEV:
		a->flags |= EVF_DEV;
		allow(a, FIELD_DEV, ev->flags & EVF_DEV);
		break;
	case ARG_FILE_AS: allow(a, FIELD_NAME2, false); break;
	case ARG_VALUE:
		a->flags |= EVF_VALUE | EVF_STRING;
		allow(a, FIELD_VALUE, ev->flags & EVF_VALUE);
		break;
	}
}

static bool pid_ok(uint32_t pid)
{
	return pid && pid <= TRACE_PID_MAX;
}

static bool args_ok(const struct event *ev, uint32_t mask)
{
	const struct event_type *t = &event_types[ev->kind];
	struct allowed a = {.fields = 1u << FIELD_FLAGS};

	if (t->actor == ACTOR_PID)
		allow(&a, FIELD_PID, true);
	if (t->flags & EVT_RESULT)
		allow(&a, FIELD_BIND, false);
	if (t->flags & EVT_EXPECT)
		allow(&a, FIELD_EXPECT, false);
	for (const struct arg *arg = t->args; arg->type != ARG_END; arg++) {
		allow_arg(&a, arg, ev);
		if (arg->type == ARG_CHOICE &&
		    !choice_known(arg->words, ev->choice))
			return false;
	}
	for (unsigned i = 0; i < NR_X; i++)
		if (ev->x[i].label && !(a.labels >> i & 1))
			return false;
	return !(mask & ~a.fields) && !(a.needed & ~mask) &&
	       !(ev->flags & ~a.flags);
}

static bool names_ok(const struct event *ev, uint32_t nr_names)
{
	for (unsigned i = 0; i < NR_X; i++)
		if (ev->x[i].label > nr_names)
			return false;
	return ev->bind <= nr_names && ev->name <= nr_names &&
	       ev->name2 <= nr_names;
}

static bool event_ok(const struct event *ev, uint32_t mask, uint32_t nr_names)
{
	const struct event_type *t = &event_types[ev->kind];
	bool stride = ev->kind <= EV_FETCH && EV_HAS(ev, X_ARG);

	return args_ok(ev, mask) && names_ok(ev, nr_names) &&
	       (t->actor != ACTOR_PID || pid_ok(ev->pid)) &&
	       (!(mask >> FIELD_PID2 & 1) || pid_ok(ev->pid2)) &&
	       ev->prot < 8 && ev->major <= 0xfff && ev->minor <= 0xfffff &&
	       gfp_known(ev->gfp) &&
	       (!ev->expect || failure_name(ev->expect)) &&
	       !(stride && ((ev->flags & EVF_VALUE) ||
			    !(ev->x[X_ARG].bytes | ev->x[X_ARG].pages)));
}

bool binary_get_event(struct cursor *c, struct event *ev,
		      const struct kind_codes *codes, uint32_t nr_names)
{
	unsigned code = get_byte(c);
	uint64_t mask = get_varint(c);

	memset(ev, 0, sizeof(*ev));
	if (c->bad || code >= codes->nr || mask >> NR_FIELDS)
		return false;
	ev->kind = codes->kind[code];
	for (unsigned f = 0; f < NR_FIELDS; f++)
		if (mask >> f & 1)
			get_field(c, ev, f);
	return !c->bad && event_ok(ev, (uint32_t)mask, nr_names);
}
