/* The binary form: text and back, runs, damage, seeking. */
#include "tests/core/machine_fixture.h"
#include "tests/trace/canonical.h"
#include "trace/binary_write.h"
#include "trace/reader.h"
#include "trace/replay.h"
#include "trace/text_write.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct blob {
	char *p;
	size_t n;
};

static void blob_free(struct blob *b)
{
	free(b->p);
}

/* Text, or a binary trace, as binary. */
static struct blob to_binary(const char *data, size_t size)
{
	struct binary_writer w;
	struct trace_reader r;
	const struct event *ev;
	struct names names;
	struct blob out;
	FILE *f = tmpfile();
	int ret;

	names_init(&names, NULL);
	cr_assert_eq(trace_open_memory(&r, NULL, &names, "t", data, size), 0);
	binary_write_start(&w, NULL, &names, f, "program=test\n", 3);
	while ((ret = trace_read(&r, &ev)) > 0)
		binary_write(&w, ev);
	cr_assert_eq(ret, 0, "%s", r.error.text);
	cr_assert_eq(binary_write_end(&w), 0);
	trace_close(&r);
	names_destroy(&names);
	out.n = (size_t)ftell(f);
	out.p = malloc(out.n);
	rewind(f);
	cr_assert_eq(fread(out.p, 1, out.n, f), out.n);
	fclose(f);
	return out;
}

/* Any trace as canonical text, as far as it can be read; *ret as the reader's.
 * ahead: with a thread. */
static struct blob to_text(const char *data, size_t size, bool ahead, int *ret,
			   char error[BINARY_ERROR_LEN])
{
	struct text_writer w;
	struct trace_reader r;
	const struct event *ev;
	struct names names;
	struct blob out;
	FILE *f = open_memstream(&out.p, &out.n);

	names_init(&names, NULL);
	*ret = trace_open_memory(&r, NULL, &names, "t", data, size);
	if (ahead)
		trace_ahead(&r);
	text_write_start(&w, NULL, &names, f);
	while (!*ret && (*ret = trace_read(&r, &ev)) > 0) {
		text_write(&w, ev);
		*ret = 0;
	}
	if (error)
		snprintf(error, BINARY_ERROR_LEN, "%s", r.error.text);
	text_write_end(&w);
	fclose(f);
	trace_close(&r);
	names_destroy(&names);
	return out;
}

static void expect_same(const char *text, size_t size)
{
	struct blob bin = to_binary(text, size), bin2, back;

	for (unsigned ahead = 0; ahead < 2; ahead++) {
		int ret;

		back = to_text(bin.p, bin.n, ahead, &ret, NULL);
		cr_assert_eq(ret, 0);
		cr_assert(back.n == size && !memcmp(back.p, text, size));
		blob_free(&back);
	}
	bin2 = to_binary(bin.p, bin.n);
	cr_assert(bin.n == bin2.n && !memcmp(bin.p, bin2.p, bin.n));
	blob_free(&bin);
	blob_free(&bin2);
}

Test(binary, every_kind_comes_back)
{
	expect_same(canonical, strlen(canonical));
}

Test(binary, an_empty_trace)
{
	expect_same("", 0);
}

/* A text of n accesses of three processes, with everything that ends a run. */
static struct blob made_up(unsigned n)
{
	static const char *const word[] = {"read", "write", "fetch"};
	struct blob b;
	FILE *f = open_memstream(&b.p, &b.n);
	uint64_t x = 88172645463325252ull;

	fprintf(f, "mmemu-trace 1\n1 spawn\n2 spawn\n17 spawn\n");
	for (unsigned i = 0; i < n; i++) {
		unsigned pid, kind;
		uint64_t addr;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		pid = x >> 20 & 255 ? 1 : (x >> 28 & 1 ? 2 : 17);
		kind = x % 3;
		addr = x >> 40 & 7 ? 0x08048000 + (x >> 32 & 0xffff)
				   : x >> (x >> 50 & 31);
		if (!(x >> 33 & 0xfff))
			fputc('\n', f);
		fprintf(f, "%u %s 0x%llx", pid, word[kind],
			(unsigned long long)addr);
		if (kind == 1 && !(x >> 35 & 0x3ff))
			fprintf(f, " 8 = %u", (unsigned)(x >> 60));
		else if (x >> 45 & 3)
			fprintf(f, " %u",
				x >> 47 & 63 ? 1u << (x >> 53 & 3)
					     : (unsigned)(x >> 48 & 0x3fff));
		fputc('\n', f);
	}
	fclose(f);
	return b;
}

Test(binary, accesses_of_all_sorts)
{
	struct blob text = made_up(60000);

	expect_same(text.p, text.n);
	blob_free(&text);
}

static void write_file(char path[32], const struct blob *b)
{
	int fd;

	strcpy(path, "/tmp/mmemu-test-XXXXXX");
	fd = mkstemp(path);
	cr_assert_eq(write(fd, b->p, b->n), (ssize_t)b->n);
	close(fd);
}

/* The first statement that is read after a jump to an event or a line. */
static void expect_seek(const char *path, uint64_t n, bool line)
{
	struct trace_reader r;
	const struct event *ev;
	struct names names;
	uint64_t event;

	names_init(&names, NULL);
	cr_assert_eq(trace_open(&r, NULL, &names, path), 0);
	cr_assert_eq(line ? binary_seek_line(&r.binary, n)
			  : binary_seek_event(&r.binary, n), 0);
	event = r.binary.first_event;
	cr_expect(n < 1100000 ? !event : event > 100000, "%llu",
		  (unsigned long long)event);
	do {
		cr_assert_eq(trace_read(&r, &ev), 1);
		event += event_types[ev->kind].actor != ACTOR_NONE;
	} while (line ? ev->line < n : event < n);
	/* one statement a line, two of them no events: the header, the mark */
	if (n < 500)
		cr_expect_eq(ev->line, line ? n : n + 2);
	cr_expect_eq(ev->line, event + 2);
	if (n == 1250000 && !line) {
		cr_expect_str_eq(name_text(&names, ev->x[X_ADDR].label), "buf");
		cr_expect_str_eq(name_text(&names, ev->bind), "more");
	}
	trace_close(&r);
	names_destroy(&names);
}

Test(binary, the_index_finds_events_and_lines)
{
	struct binary_totals totals;
	struct trace_reader r;
	struct names names;
	struct blob text, bin;
	char path[32];
	uint64_t blocks;
	FILE *f = open_memstream(&text.p, &text.n);

	fprintf(f, "mmemu-trace 1\nmark one\n1 mmap - 1048576 rw- private anon -> buf\n");
	for (unsigned i = 2; i <= 1300000; i++)
		if (i == 1250000)
			fprintf(f, "1 mremap buf 4096 8192 -> more\n");
		else
			fprintf(f, "1 fetch 0x%x 4\n", 0x1000 + i % 999);
	fclose(f);
	bin = to_binary(text.p, text.n);
	write_file(path, &bin);
	names_init(&names, NULL);
	cr_assert_eq(trace_open(&r, NULL, &names, path), 0);
	cr_assert_eq(binary_read_totals(&r.binary, &totals, &blocks), 0);
	cr_expect_eq(totals.events, 1300000);
	cr_expect_eq(totals.statements, 1300001);
	cr_expect_eq(totals.kinds[EV_FETCH], 1299998);
	cr_expect_eq(blocks, 2);
	cr_expect_str_eq(r.binary.metadata, "program=test\n");
	cr_expect(trace_sees_no_contents(&r));
	trace_close(&r);
	names_destroy(&names);
	expect_seek(path, 17, false);
	expect_seek(path, 1048000, false);
	expect_seek(path, 1200000, false);
	expect_seek(path, 1250000, false);
	expect_seek(path, 1200000, true);
	unlink(path);
	blob_free(&text);
	blob_free(&bin);
}

/* ---- damage ---- */

/* A prefix of text, in whole lines. */
static bool begins(const struct blob *text, const struct blob *part)
{
	return part->n <= text->n && !memcmp(text->p, part->p, part->n) &&
	       (!part->n || part->p[part->n - 1] == '\n');
}

Test(binary, every_flipped_byte_is_found)
{
	struct blob text = made_up(300), bin, part;
	int ret;

	bin = to_binary(text.p, text.n);
	for (size_t i = 0; i < bin.n; i++) {
		bin.p[i] ^= (char)(1 << i % 8);
		part = to_text(bin.p, bin.n, false, &ret, NULL);
		cr_expect(begins(&text, &part), "byte %zu", i);
		/* the index is not looked at in passing */
		if (ret == 0)
			cr_expect(part.n == text.n, "byte %zu", i);
		blob_free(&part);
		bin.p[i] ^= (char)(1 << i % 8);
	}
	blob_free(&bin);
	blob_free(&text);
}

/* Headers that are whole, but not of this version. */
Test(binary, later_versions_are_refused)
{
	static const struct {
		unsigned at, value;
		const char *error;
	} rows[] = {
		{8, 2, "binary version 2, expected version 1"},
		{10, 40, "its header has another size than version 1 has"},
		{12, 0x80, "it uses features that this version does not know"},
		{22, 0xff, "the header is damaged"}, /* metadata of gigabytes */
	};
	struct blob text = made_up(3), bin, part;
	char error[BINARY_ERROR_LEN];
	int ret;

	bin = to_binary(text.p, text.n);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t *p = (uint8_t *)bin.p, was = p[rows[i].at];

		p[rows[i].at] = (uint8_t)rows[i].value;
		put_le(p + 28, crc32_of(p, 28), 4);
		part = to_text(bin.p, bin.n, false, &ret, error);
		cr_expect_eq(ret, -1);
		cr_expect_eq(part.n, 0);
		cr_expect_str_eq(error, rows[i].error);
		blob_free(&part);
		p[rows[i].at] = was;
	}
	blob_free(&bin);
	blob_free(&text);
}

Test(binary, every_truncation_is_found)
{
	struct blob text = made_up(300), bin, part;
	char error[BINARY_ERROR_LEN];
	unsigned good = 0;
	int ret;

	bin = to_binary(text.p, text.n);
	for (size_t n = 9; n < bin.n; n++) {
		part = to_text(bin.p, n, n & 1, &ret, error);
		cr_expect(begins(&text, &part), "%zu bytes", n);
		good += ret == 0;
		if (n == 100)
			cr_expect_str_eq(error, "block 1 at offset 45: the file is truncated, expected more bytes here");
		blob_free(&part);
	}
	/* where only the index is short, all events are there */
	cr_expect_lt(good, 160);
	blob_free(&bin);
	blob_free(&text);
}

/* Whatever a block says, with right checksums: an event or an error. */
Test(binary, crafted_events_are_refused_or_good)
{
	uint8_t data[24];
	struct kind_codes codes = {.nr = NR_EVENT_KINDS};
	struct event ev;
	uint64_t x = 1;
	unsigned good = 0;

	for (unsigned i = 0; i < NR_EVENT_KINDS; i++)
		codes.kind[i] = (uint8_t)i;

	for (unsigned i = 0; i < 400000; i++) {
		struct cursor c = {data, data + sizeof(data), false};

		for (unsigned k = 0; k < sizeof(data); k++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			data[k] = (uint8_t)(x >> 56 & (x >> 40 & 1 ? 255 : 7));
		}
		data[0] = (uint8_t)(i % NR_EVENT_KINDS);
		if (!binary_get_event(&c, &ev, &codes, 3))
			continue;
		good++;
		cr_assert_lt(ev.kind, NR_EVENT_KINDS);
		cr_assert(ev.bind <= 3 && ev.name <= 3 && ev.name2 <= 3);
		cr_assert(event_types[ev.kind].actor != ACTOR_PID || ev.pid);
	}
	cr_expect_gt(good, 100);
}

/* Text lets addresses name a label, numbers not. */
Test(binary, a_number_is_no_label)
{
	struct kind_codes codes = {.nr = 1, .kind = {EV_MUNMAP}};
	struct event ev = {.kind = EV_MUNMAP, .pid = 7}, got;

	for (unsigned slot = X_ADDR; slot <= X_LEN; slot++) {
		struct bytes b = {.host = &host_default_ops};
		struct cursor c;

		ev.x[X_ADDR] = (struct quantity){.bytes = 4096};
		ev.x[X_LEN] = (struct quantity){.bytes = 4096};
		ev.has = 1u << X_ADDR | 1u << X_LEN;
		ev.x[slot].label = 2;
		binary_put_event(&b, &ev, 0);
		c = (struct cursor){b.p, b.p + b.n, false};
		cr_expect_eq(binary_get_event(&c, &got, &codes, 3),
			     slot == X_ADDR);
		bytes_free(&b);
	}
}

/* ---- code that runs again and again ---- */

#define BLOCKS 96u

static unsigned next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return (unsigned)(*x >> 32);
}

/*
 * One run through a block of a program's code. Its instructions are the same
 * each time (`code` seeds them), how many of them run is not (a branch), nor
 * where they load and store.
 */
static void run_block(FILE *f, unsigned pid, unsigned block, uint64_t code,
		      uint64_t *chance)
{
	uint64_t pc = 0x08048000 + block * 97u, x = code * BLOCKS + block + 1;
	unsigned n = next_random(&x) % 14 + 1;

	if (next_random(chance) % 3 == 0)
		n = next_random(chance) % n + 1;
	while (n--) {
		unsigned r = next_random(&x), len = r % 14;

		if (r % 61 == 0)
			len = 15 + r % 5000; /* a length beside the op */
		fprintf(f, "%u fetch 0x%llx", pid, (unsigned long long)pc);
		fprintf(f, len ? " %u\n" : "\n", len);
		pc += len;
		for (unsigned i = r >> 8 & 7; i > 4; i--) {
			unsigned at = next_random(chance);
			uint64_t addr = 0x20000000 + (r >> 11 & 0xffff0) +
				(at & 3 ? at >> 4 & 0x7c :
					  at >> 4 & 0xfffff);

			fprintf(f, "%u %s 0x%llx %u\n", pid,
				r >> i & 1 ? "read" : "write",
				(unsigned long long)addr, 1u << (r >> i & 3));
		}
	}
}

/* Two processes with different code at the same place, and things between. */
static struct blob program(unsigned runs)
{
	struct blob b;
	FILE *f = open_memstream(&b.p, &b.n);
	uint64_t chance = 88172645463325252ull;
	unsigned pid = 1, block = 0;

	fprintf(f, "mmemu-trace 1\n1 spawn\n17 spawn\n"
		   "1 mmap 0x8048000 65536 rwx private anon fixed\n"
		   "1 mmap 0x20000000 4194304 rw- private anon fixed\n");
	for (unsigned i = 0; i < runs; i++) {
		unsigned r = next_random(&chance);

		if (r % 200 == 0)
			pid ^= 16;
		if (r % 97 == 0)
			fprintf(f, r & 1 ? "mark here\n" : "\n");
		run_block(f, pid, block, r % 300 ? pid : r, &chance);
		block = r >> 16 & 1 ? (block + 1) % BLOCKS : r >> 17 & 7;
	}
	fclose(f);
	return b;
}

Test(binary, code_that_runs_again)
{
	struct blob text = program(20000);

	expect_same(text.p, text.n);
	blob_free(&text);
}

/* The turns of a run, by their definition. */
static unsigned expect_turns(const struct access_run *run, unsigned shift)
{
	uint64_t page_of[3] = {~0ull, ~0ull, ~0ull};
	uint32_t count[3] = {0}, k = 0;

	for (uint32_t i = 0; i < run->n; i++) {
		uint64_t addr = acc_addr(run->acc[i]);
		uint64_t len = acc_len(run->acc[i]);
		unsigned kind = acc_kind(run->acc[i]);

		count[kind]++;
		if (page_of[kind] != addr >> shift ||
		    (addr + len - !!len) >> shift != addr >> shift)
			cr_assert(k < run->nr_turns && run->turn[k++] == i);
		page_of[kind] = addr >> shift;
	}
	cr_assert_eq(k, run->nr_turns);
	cr_assert(!memcmp(count, run->count, sizeof(count)));
	return k;
}

Test(binary, turns_are_where_pages_change)
{
	struct blob text = program(5000), bin = to_binary(text.p, text.n);

	for (unsigned shift = 4; shift <= 16; shift += 4) {
		struct trace_reader r;
		struct access_run run;
		const struct event *ev;
		struct names names;
		unsigned turns = 0;

		names_init(&names, NULL);
		cr_assert_eq(trace_open_memory(&r, NULL, &names, "t", bin.p,
					       bin.n), 0);
		trace_page_shift(&r, shift);
		while (trace_next_run(&r, &ev, &run) > 0)
			if (!ev)
				turns += expect_turns(&run, shift);
		cr_expect_gt(turns, 1000);
		trace_close(&r);
		names_destroy(&names);
	}
	blob_free(&bin);
	blob_free(&text);
}

/* ---- replay ---- */

struct machine_run {
	struct machine *m;
	struct replay r;
	struct names names;
};

static void run_machine(struct machine_run *run, const struct blob *trace,
			bool runs, enum contents_mode contents)
{
	struct trace_reader reader;
	struct access_run accesses;
	struct machine_config cfg;
	const struct event *ev;
	int ret;

	machine_config_default(&cfg);
	cfg.memory = 32 << 20;
	cfg.contents = contents;
	run->m = make_machine(&cfg);
	names_init(&run->names, NULL);
	replay_init(&run->r, run->m, &run->names, NULL);
	cr_assert_eq(trace_open_memory(&reader, NULL, &run->names, "t",
				       trace->p, trace->n), 0);
	while ((ret = runs ? trace_next_run(&reader, &ev, &accesses)
			   : trace_read(&reader, &ev)) > 0) {
		if (ev)
			replay_event(&run->r, ev);
		else
			replay_run(&run->r, &accesses, 0, accesses.n);
		if (run->r.n.events % 7 == 0)
			cr_assert_eq(machine_check(run->m, NULL, NULL), 0);
	}
	cr_assert_eq(ret, 0, "%s", reader.error.text);
	trace_close(&reader);
}

static void end_machine(struct machine_run *run)
{
	replay_destroy(&run->r);
	machine_destroy(run->m);
	names_destroy(&run->names);
}

/* Processes that fork, share, protect, cross pages and die in a run. */
static struct blob story_text(void)
{
	struct blob b;
	FILE *f = open_memstream(&b.p, &b.n);
	uint64_t x = 88172645463325252ull;

	fprintf(f, "mmemu-trace 1\n1 spawn\n"
		   "1 mmap 0x20000000 4194304 rwx private anon fixed\n"
		   "1 mmap 0x30000000 65536 rw- shared anon fixed\n");
	for (unsigned step = 0; step < 40; step++) {
		uint64_t base = 0x20000000 + (x & 0x3f0000);
		unsigned pid = step % 3 ? 1 : step;

		if (step % 5 == 4)
			fprintf(f, "1 mprotect 0x%llx 65536 r--\n",
				(unsigned long long)base);
		if (step % 3 == 2)
			fprintf(f, "1 fork %u\n", step + 1);
		for (unsigned i = 0; i < 3000; i++) {
			static const char *const word[] = {"read", "write",
							   "fetch"};

			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			fprintf(f, "%u %s 0x%llx %u\n", pid ? pid : 1,
				word[x >> 60 & 3 ? 0 : x % 3],
				(unsigned long long)(base + (x >> 20 & 63 ?
					x >> 30 & 0x1fff : x >> 30 & 0x1fffff)),
				(unsigned)(x >> 50 & 7) + 1);
		}
	}
	fclose(f);
	return b;
}

static void expect_equal_machines(enum contents_mode contents)
{
	struct blob text = story_text(), bin = to_binary(text.p, text.n);
	struct machine_run one, many;

	run_machine(&one, &bin, false, contents);
	run_machine(&many, &bin, true, contents);
	cr_expect_gt(one.r.n.signals, 0);
	cr_expect_gt(one.m->stats.faults[FAULT_WP_COPY], 0);
	cr_expect(!memcmp(&one.r.n, &many.r.n, sizeof(one.r.n)));
	cr_expect(!memcmp(&one.m->stats, &many.m->stats, sizeof(one.m->stats)));
	cr_expect(!memcmp(one.m->vm_event, many.m->vm_event,
			  sizeof(one.m->vm_event)));
	cr_expect_eq(one.m->event, many.m->event);
	/* every frame in the same hands, every entry with the same bits */
	for (pfn_t p = 0; p < one.m->max_pfn; p++)
		if (memcmp(&one.m->mem_map[p], &many.m->mem_map[p],
			   sizeof(struct page)))
			cr_assert_fail("frame %u differs", p);
	cr_expect(!memcmp(one.m->ram, many.m->ram,
			  (size_t)one.m->max_pfn << one.m->page_shift));
	end_machine(&one);
	end_machine(&many);
	blob_free(&text);
	blob_free(&bin);
}

Test(binary, runs_do_what_single_events_do)
{
	expect_equal_machines(CONTENTS_OFF);
}

Test(binary, runs_do_what_single_events_do_with_contents)
{
	expect_equal_machines(CONTENTS_ON);
}
