/* The text form: what is read, what is refused and with which words. */
#include "tests/trace/canonical.h"
#include "trace/text_read.h"
#include "trace/text_write.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
	struct names names;
	struct text_reader r;
	struct event ev;
};

static void begin(struct text *t, const char *data, size_t size)
{
	names_init(&t->names, NULL);
	text_open_memory(&t->r, NULL, &t->names, "t", data, size);
}

static void end(struct text *t)
{
	text_close(&t->r);
	names_destroy(&t->names);
}

/* One line of text: its event, which must be there. */
static void read_one(struct text *t, const char *line)
{
	begin(t, line, strlen(line));
	cr_assert_eq(text_read(&t->r, &t->ev), 1, "%s: %s", line,
		     t->r.error.text);
}

/* "LINE:COLUMN: message" of the first error, or "" */
static const char *error_of(const char *data, size_t size, char out[512])
{
	struct text t;
	int ret;

	begin(&t, data, size);
	while ((ret = text_read(&t.r, &t.ev)) > 0)
		;
	out[0] = '\0';
	if (ret < 0)
		snprintf(out, 512, "%llu:%u: %s",
			 (unsigned long long)t.r.error.line, t.r.error.column,
			 t.r.error.text);
	/* the end is the end, however often one asks */
	cr_assert_eq(text_read(&t.r, &t.ev), ret);
	end(&t);
	return out;
}

/* clang-format off */
static const struct {
	const char *text, *error;
} bad[] = {
	{"frobnicate", "1:1: found \"frobnicate\", expected a PID, kernel, or a statement about the machine (file, mark, report ...)"},
	{"abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij", "1:1: found \"abcdefghijabcdefghijabcdefghijabcdefghija...\", expected a PID, kernel, or a statement about the machine (file, mark, report ...)"},
	{"file /\xC1\x80 size 4K", "1:7: byte 0xC1 is no text, expected UTF-8"},
	{"file /\xE0\x80\x80 size 4K", "1:7: byte 0xE0 is no text, expected UTF-8"},
	{"file /\xED\xA0\x80 size 4K", "1:7: byte 0xED is no text, expected UTF-8"},
	{"file /\xF0\x80\x80\x80 size 4K", "1:7: byte 0xF0 is no text, expected UTF-8"},
	{"file /\xF4\x90\x80\x80 size 4K", "1:7: byte 0xF4 is no text, expected UTF-8"},
	{"file /\xF5\x80\x80\x80 size 4K", "1:7: byte 0xF5 is no text, expected UTF-8"},
	{"file /\xE2\x28\xA1 size 4K", "1:7: byte 0xE2 is no text, expected UTF-8"},
	{"file /\xE2\x82", "1:7: byte 0xE2 is no text, expected UTF-8"},
	{"file /\xE2\x82\xAC \xF0\x9F\x98\x80", "1:11: found \"\xF0\x9F\x98\x80\", expected size LEN"},
	{"mmap 0 4K rw- private anon", "1:1: found \"mmap\", expected a PID, kernel, or a statement about the machine (file, mark, report ...)"},
	{"\"100\" exit", "1:1: a quoted field, expected a PID, kernel or the word of a statement"},
	{"0 exit", "1:1: \"0\" is no process number, expected the PID of an event's actor (1 to 4194304)"},
	{"4194305 exit", "1:1: \"4194305\" is no process number, expected the PID of an event's actor (1 to 4194304)"},
	{"99999999999999999999 exit", "1:1: \"99999999999999999999\" is no process number, expected the PID of an event's actor (1 to 4194304)"},
	{"12x exit", "1:1: \"12x\" is no process number, expected the PID of an event's actor (1 to 4194304)"},
	{"100", "1:4: the line ends here, expected an event of a process (mmap, read, write, fork ...)"},
	{"100 mmpa 0", "1:5: found \"mmpa\", expected an event of a process (mmap, read, write, fork ...)"},
	{"kernel read 0", "1:8: found \"read\", expected an event of the kernel (alloc_pages, kmalloc ...)"},
	{"100 read", "1:9: the line ends here, expected ADDR"},
	{"100 read 0x", "1:10: \"0x\" is no number, expected ADDR (digits, 0x and hexadecimal digits, or digits and K, M, G or p)"},
	{"100 read 0xg0", "1:10: \"0xg0\" is no number, expected ADDR (digits, 0x and hexadecimal digits, or digits and K, M, G or p)"},
	{"100 read 12k", "1:10: \"12k\" is no number, expected ADDR (digits, 0x and hexadecimal digits, or digits and K, M, G or p)"},
	{"100 read 0x10K", "1:10: \"0x10K\" is no number, expected ADDR (digits, 0x and hexadecimal digits, or digits and K, M, G or p)"},
	{"100 read 0x10000000000000000", "1:10: the number is too large, expected ADDR of at most 64 bits"},
	{"100 read 18446744073709551616", "1:10: the number is too large, expected ADDR of at most 64 bits"},
	{"100 read 17179869184G", "1:10: the number is too large, expected ADDR of at most 64 bits"},
	{"100 read 4294967296p", "1:10: the number is too large, expected ADDR of at most 64 bits"},
	{"100 read 0xffffffffffffffff+1", "1:29: the number is too large, expected ADDR of at most 64 bits"},
	{"100 read buf", "1:10: the name \"buf\" is not bound, expected an earlier line that ends in \"-> buf\""},
	{"100 read 4K+buf", "1:13: the name \"buf\" is not bound, expected an earlier line that ends in \"-> buf\""},
	{"100 mmap - 4K rw- private anon -> a\n100 read a+a", "2:12: a second name in a sum, expected a number"},
	{"100 mmap - 4K rw- private anon -> a\n100 read a+", "2:12: \"\" is neither a number nor a name, expected ADDR"},
	{"100 mmap - 4K rw- private anon -> a\n100 read +a", "2:10: \"\" is neither a number nor a name, expected ADDR"},
	{"100 mremap a 4K 8K -> a", "1:12: the name \"a\" is not bound, expected an earlier line that ends in \"-> a\""},
	{"100 mmap - 4K rw- private anon -> a\n100 munmap 0 a", "2:14: \"a\" is no number, expected LEN (digits, 0x and hexadecimal digits, or digits and K, M, G or p)"},
	{"100 read -", "1:10: \"-\" is neither a number nor a name, expected ADDR"},
	{"100 read 0 4 5", "1:14: found \"5\", expected stride, =, !NAME or the end of the line"},
	{"100 read 0 stride 0", "1:12: a stride of 0, expected 1 or more"},
	{"100 read 0 4K stride 4 = 1", "1:26: VALUE and stride together, expected one of them"},
	{"100 read 0 = 1 stride 4", "1:16: VALUE and stride together, expected one of them"},
	{"100 fetch 0 = 1", "1:13: found \"=\", expected stride, !NAME or the end of the line"},
	{"100 write 0 = 256", "1:15: the value does not fit in 1 byte, expected a larger LEN"},
	{"100 write 0 2 = 65536", "1:17: the value does not fit in 2 bytes, expected a larger LEN"},
	{"100 write 0 9 = 1", "1:17: a number is stored in 1 to 8 bytes, expected another LEN or a quoted string"},
	{"100 write 0 0 = 1", "1:17: a number is stored in 1 to 8 bytes, expected another LEN or a quoted string"},
	{"100 write 0 1p = 1", "1:18: a number is stored in 1 to 8 bytes, expected another LEN or a quoted string"},
	{"100 write 0 = 1p", "1:15: a number of pages, expected VALUE, a number or a quoted string as a plain number"},
	{"100 write 0 =", "1:14: the line ends here, expected VALUE, a number or a quoted string"},
	{"100 write 0 =5", "1:13: found \"=5\", expected stride, =, !NAME or the end of the line"},
	{"100 write 0 3 = \"ab\"", "1:17: the string has 2 bytes, expected as many as LEN says"},
	{"100 write 0 = \"ab", "1:15: the quote is never closed, expected \" before the end of the line"},
	{"100 write 0 = \"a\\qb\"", "1:17: unknown escape, expected \\\" \\\\ \\n \\t or \\xHH"},
	{"100 write 0 = \"a\\x4\"", "1:17: unknown escape, expected \\\" \\\\ \\n \\t or \\xHH"},
	{"100 write 0 = \"a\"b", "1:18: text right behind a quoted field, expected a space"},
	{"100 write 0 = \"a\" = \"b\"", "1:19: = twice, expected it once"},
	{"100 spawn a\"b\"", "1:12: a quote inside a field, expected the whole field in quotes"},
	{"100 spawn \"\"", "1:11: an empty name, expected NAME"},
	{"100 spawn \"a\\x00b\"", "1:11: a NUL byte in a name, expected NAME"},
	{"100 fork", "1:9: the line ends here, expected CHILD"},
	{"100 fork 0", "1:10: \"0\" is no process number, expected CHILD (1 to 4194304)"},
	{"100 exit 0 0", "1:12: found \"0\", expected !NAME or the end of the line"},
	{"100 exit -> a", "1:10: exit has no result to bind, expected the end of the line"},
	{"100 mmap - 4K rw- private anon -> 4a", "1:35: found \"4a\", expected a NAME of letters, digits and _ . - behind ->"},
	{"100 mmap - 4K rw- private anon ->", "1:34: the line ends here, expected a NAME of letters, digits and _ . - behind ->"},
	{"100 mmap - 4K rw- private anon -> a -> b", "1:37: a second -> NAME, expected one"},
	{"100 mmap - 4K rw- private anon -> a fixed", "1:37: found \"fixed\", expected fixed, growsdown, locked, populate, noreserve, stack, nonblock, !NAME or the end of the line"},
	{"100 mmap - 4K rwx- private anon", "1:15: found \"rwx-\", expected PROT, three letters such as rw- or r-x"},
	{"100 mmap - 4K wr- private anon", "1:15: found \"wr-\", expected PROT, three letters such as rw- or r-x"},
	{"100 mmap - 4K rw- anon", "1:19: found \"anon\", expected private or shared"},
	{"100 mmap - 4K rw- private", "1:26: the line ends here, expected anon, or file PATH OFFSET"},
	{"100 mmap - 4K rw- private file /a 0", "1:32: the file is not declared, expected an earlier line \"file PATH size LEN\""},
	{"100 mmap - 4K rw- private anon fixed fixed", "1:38: fixed twice, expected it once"},
	{"100 mmap - 4K rw- private anon hugetlb", "1:32: found \"hugetlb\", expected fixed, growsdown, locked, populate, noreserve, stack, nonblock, ->, !NAME or the end of the line"},
	{"100 munmap 0 4K !EFOO", "1:17: found \"!EFOO\", expected !ERRNO or !SIGNAL, such as !ENOMEM or !SIGSEGV"},
	{"100 munmap 0 4K !", "1:17: found \"!\", expected !ERRNO or !SIGNAL, such as !ENOMEM or !SIGSEGV"},
	{"100 munmap 0 4K !EINVAL !EINVAL", "1:25: a second !NAME, expected one"},
	{"100 madvise 0 4K now", "1:18: found \"now\", expected normal random sequential willneed dontneed remove dontfork dofork mergeable unmergeable hugepage nohugepage dontdump dodump"},
	{"100 mlockall all", "1:14: found \"all\", expected current future both"},
	{"100 exec /bin/x", "1:10: the file is not declared, expected an earlier line \"file PATH size LEN\", or text LEN behind"},
	{"kernel alloc_pages 0 GFP_KERNEL|GFP_FOO|GFP_DMA", "1:33: unknown GFP name \"GFP_FOO\", expected names as GFP_KERNEL, GFP_ATOMIC|__GFP_ZERO"},
	{"kernel alloc_pages 0", "1:21: the line ends here, expected GFP names joined by |"},
	{"file /a", "1:8: the line ends here, expected size LEN"},
	{"file /a size 1 warm cold", "1:21: warm and cold together, expected one of them"},
	{"file /a size 1 tmpfs ext2", "1:22: ext2 and tmpfs together, expected one of them"},
	{"file /a size 1 dev 8", "1:20: found \"8\", expected MAJ:MIN in hexadecimal, such as 08:01"},
	{"drop_caches 4", "1:13: found \"4\", expected 1 2 3"},
	{"mark 1st", "1:6: found \"1st\", expected a NAME that begins with a letter"},
	{"mark _a", "1:6: found \"_a\", expected a NAME that begins with a letter"},
	{"mark a b", "1:8: found \"b\", expected the end of the line"},
	{"mark a !ENOMEM", "1:8: mark cannot fail, expected the end of the line"},
	{"report nothing", "1:8: found \"nothing\", expected a kind of report (maps, buddyinfo, frames ...)"},
	{"report maps", "1:12: the line ends here, expected the PID that the report is of"},
	{"report buddyinfo 100", "1:18: found \"100\", expected as FILE or the end of the line: this report is of the whole machine"},
	{"report buddyinfo as ../../x", "1:21: the file would lie outside of the output folder, expected a relative path without .."},
	{"report buddyinfo as /tmp/x", "1:21: the file would lie outside of the output folder, expected a relative path without .."},
	{"report buddyinfo as a/../../x", "1:21: the file would lie outside of the output folder, expected a relative path without .."},
	{"report buddyinfo as", "1:20: the line ends here, expected FILE"},
	{"mmemu-trace 2", "1:13: trace version 2, expected version 1"},
	{"mmemu-trace", "1:12: the line ends here, expected the version 1"},
	{"mmemu-trace 1 2", "1:15: found \"2\", expected the end of the line"},
	{"# c\n\n1 spawn\nmmemu-trace 1", "4:1: mmemu-trace in the middle of a trace, expected it as the first statement"},
	{"100 sp 4 5", "1:10: found \"5\", expected !NAME or the end of the line"},
	{"swapon", "1:7: the line ends here, expected LEN"},
	{"cgroup limit a", "1:15: the line ends here, expected a number or unlimited"},
	{"cgroup create a 4K", "1:17: found \"4K\", expected !NAME or the end of the line"},
	{"100 cgroup leave a", "1:12: found \"leave\", expected attach"},
	{"1 spawn \xff\xfe", "1:9: byte 0xFF is no text, expected UTF-8"},
	{"1 spawn \x01", "1:9: byte 0x01 is no text, expected UTF-8"},
	{"1 spawn a\r1 exit", "1:10: byte 0x0D is no text, expected UTF-8"},
	{"\x7f""ELF\x01\x01\x01", "1:1: byte 0x7F is no text, expected UTF-8"},
};
/* clang-format on */

Test(text, bad_lines)
{
	char out[512];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_str_eq(error_of(bad[i].text, strlen(bad[i].text),
					  out),
				 bad[i].error, "%s\n  is: %s\n  not: %s",
				 bad[i].text, out, bad[i].error);
}

Test(text, nul_bytes_are_no_text)
{
	static const char zeros[100];
	char out[512];

	cr_assert_str_eq(error_of(zeros, sizeof(zeros), out),
			 "1:1: byte 0x00 is no text, expected UTF-8");
}

Test(text, nothing_is_an_empty_trace)
{
	static const char *const empty[] = {
		"", "\n", "\r\n", "# only a comment", "mmemu-trace 1",
		"\xEF\xBB\xBFmmemu-trace 1\n", "  \t \n#\n\n"};
	char out[512];

	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		cr_expect_str_eq(error_of(empty[i], strlen(empty[i]), out), "",
				 "%zu: %s", i, out);
}

Test(text, fast_and_slow_lines_are_the_same_events)
{
	static const char *const pairs[][2] = {
		{"100 read 0x1000", " 100\tread  0x1000 # c\r\n"},
		{"100 read 4096 8", "100 read  4096 8"},
		{"1 write 0xffffffffffffffff 4", "1 write\t0xFFFFFFFFFFFFFFFF 4"},
		{"4194304 fetch 18446744073709551615", "4194304 fetch 18446744073709551615 "},
		{"7 read 0x0 0", "7 read 0x0 0 #"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct text a, b;

		read_one(&a, pairs[i][0]);
		read_one(&b, pairs[i][1]);
		cr_expect_eq(a.ev.kind, b.ev.kind);
		cr_expect_eq(a.ev.pid, b.ev.pid);
		cr_expect_eq(a.ev.has, b.ev.has);
		cr_expect_eq(a.ev.x[X_ADDR].bytes, b.ev.x[X_ADDR].bytes);
		cr_expect_eq(EV_HAS(&a.ev, X_LEN) ? a.ev.x[X_LEN].bytes : 0,
			     EV_HAS(&b.ev, X_LEN) ? b.ev.x[X_LEN].bytes : 0);
		cr_expect_eq(a.ev.flags | a.ev.expect | a.ev.bind, 0);
		end(&a);
		end(&b);
	}
}

/* A decimal of 20 digits may be too large, and the fast scanner must see it. */
Test(text, long_numbers)
{
	char out[512];
	struct text t;

	read_one(&t, "1 read 18446744073709551615");
	cr_assert_eq(t.ev.x[X_ADDR].bytes, UINT64_MAX);
	end(&t);
	read_one(&t, "1 read 0x00000000000000000000001");
	cr_assert_eq(t.ev.x[X_ADDR].bytes, 1);
	end(&t);
	error_of("1 read 0 18446744073709551616", 29, out);
	cr_assert_str_eq(out, "1:10: the number is too large, expected LEN of at most 64 bits");
}

Test(text, units_and_sums)
{
	struct text t;

	begin(&t, "1 mmap 2M 3p r-x shared anon fixed -> a.b-c\n"
		  "1 read a.b-c+0x10+2p+1K 1G\n", 72);
	cr_assert_eq(text_read(&t.r, &t.ev), 1);
	cr_expect_eq(t.ev.x[X_ADDR].bytes, 2 << 20);
	cr_expect_eq(t.ev.x[X_LEN].pages, 3);
	cr_expect_eq(t.ev.x[X_LEN].bytes, 0);
	cr_expect_eq(t.ev.prot, 5);
	cr_expect_eq(t.ev.flags, EVF_SHARED | EVF_FIXED);
	cr_expect_str_eq(name_text(&t.names, t.ev.bind), "a.b-c");
	cr_assert_eq(text_read(&t.r, &t.ev), 1);
	cr_expect_str_eq(name_text(&t.names, t.ev.x[X_ADDR].label), "a.b-c");
	cr_expect_eq(t.ev.x[X_ADDR].bytes, 0x410);
	cr_expect_eq(t.ev.x[X_ADDR].pages, 2);
	cr_expect_eq(t.ev.x[X_LEN].bytes, 1 << 30);
	cr_expect_eq(t.ev.line, 2);
	end(&t);
}

Test(text, quotes)
{
	struct text t;

	read_one(&t, "1 write 0 = \"a\\\"\\\\\\n\\t\\x00\\xfF#\" !SIGBUS # c");
	cr_assert_eq(t.ev.value_len, 8);
	cr_assert_arr_eq(event_value(&t.ev), "a\"\\\n\t\0\xff#", 8);
	cr_expect_eq(t.ev.expect, EXPECT_SIGNAL + 7);
	end(&t);
	read_one(&t, "file \"my file#1\" size 5 dev 8:1f inode 7 tmpfs warm");
	cr_expect_str_eq(name_text(&t.names, t.ev.name), "my file#1");
	cr_expect_eq(t.ev.major, 8);
	cr_expect_eq(t.ev.minor, 0x1f);
	cr_expect_eq(t.ev.flags, EVF_DEV | EVF_TMPFS | EVF_WARM);
	end(&t);
	read_one(&t, "1 spawn a#b");
	cr_expect_str_eq(name_text(&t.names, t.ev.name), "a",
			 "a # begins a comment, also inside a field");
	end(&t);
}

Test(text, values)
{
	struct text t;

	read_one(&t, "1 read 0x10 4 = 0xbc0cb44f");
	cr_expect_eq(t.ev.value_len, 4);
	cr_expect_arr_eq(t.ev.small, "\x4f\xb4\x0c\xbc", 4);
	end(&t);
	read_one(&t, "1 read 0x10 = 1");
	cr_expect_eq(t.ev.value_len, 1);
	cr_expect(!EV_HAS(&t.ev, X_LEN));
	end(&t);
	read_one(&t, "1 read 0x10 = \"\"");
	cr_expect_eq(t.ev.value_len, 0);
	end(&t);
}

/* A label must be bound by an earlier line, whatever became of it; a file must
 * be declared. */
Test(text, declarations)
{
	static const char *const good[] = {
		"1 spawn\n1 mmap - 4K r-- shared anon -> a !ENOMEM\n1 read a",
		"1 mmap - 4K r-- shared anon !ENOMEM -> a\n1 mremap a 1 2 -> a",
		"file /a size 1\n1 mmap - 4K r-- shared file /a 0",
		"1 exec /b text 4K\n1 mmap - 4K r-- shared file /b 0",
		"kernel kmalloc 0 GFP_ATOMIC|GFP_DMA -> k\nkernel kfree k+4",
		"report maps 100 as a/b.txt",
		"swapoff !ENOSYS",
		"1 sp -\n1 sp 0x1000\n1 sbrk -4K -> old\n1 sbrk 1p",
		"1 wait 2 !ECHILD",
	};
	char out[512];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		cr_expect_str_eq(error_of(good[i], strlen(good[i]), out), "",
				 "%s: %s", good[i], out);
}

/* ---- long lines, large inputs ---- */

static size_t largest;

static void *counting_alloc(void *ctx, size_t size)
{
	(void)ctx;
	largest = size > largest ? size : largest;
	return calloc(1, size);
}

/* 64 MiB without a newline: an error long before the end, little memory. */
Test(text, endless_line)
{
	struct host_ops host = host_default_ops;
	size_t size = (size_t)64 << 20;
	char *data = malloc(size);
	struct text t;

	memset(data, 'a', size);
	host.alloc = counting_alloc;
	names_init(&t.names, &host);
	text_open_memory(&t.r, &host, &t.names, "t", data, size);
	cr_assert_eq(text_read(&t.r, &t.ev), -1);
	cr_expect_eq(t.r.error.line, 1);
	cr_expect_str_eq(t.r.error.text, "the line is longer than 1 MiB, expected a text trace");
	cr_expect_lt(largest, 4 << 20);
	end(&t);
	free(data);
}

/* The longest line allowed, and one byte more. */
Test(text, longest_line)
{
	size_t size = TRACE_MAX_LINE + 2;
	char *data = malloc(size), out[512];

	memset(data, ' ', size);
	memcpy(data, "1 spawn", 7);
	data[TRACE_MAX_LINE] = '\n';
	cr_expect_str_eq(error_of(data, TRACE_MAX_LINE + 1, out), "");
	data[TRACE_MAX_LINE] = ' ';
	data[TRACE_MAX_LINE + 1] = '\n';
	cr_expect_str_eq(error_of(data, size, out),
			 "1:1: the line is longer than 1 MiB, expected a text trace");
	free(data);
}

/* Lines that lie across the reader's chunks. */
Test(text, chunks)
{
	size_t size = 0, room = (size_t)4 << 20;
	char *data = malloc(room);
	unsigned n = 0, read = 0;
	struct text t;

	while (size + 100 < room)
		size += (size_t)sprintf(data + size, "%u read 0x%x %u%*s\n",
					n % 1000 + 1, n * 4, n % 16 + 1,
					(int)(n % 37), ""), n++;
	begin(&t, data, size);
	while (text_read(&t.r, &t.ev) > 0) {
		cr_assert_eq(t.ev.x[X_ADDR].bytes, read * 4u);
		cr_assert_eq(t.ev.x[X_LEN].bytes, read % 16 + 1);
		cr_assert_eq(t.ev.line, ++read);
	}
	cr_assert_eq(read, n);
	end(&t);
	free(data);
}

/* ---- writing ---- */

static char *rewrite(const char *text, size_t len, size_t *size)
{
	struct text_writer w;
	char *out = NULL;
	struct text t;
	FILE *f = open_memstream(&out, size);
	int ret;

	begin(&t, text, len);
	text_write_start(&w, NULL, &t.names, f);
	while ((ret = text_read(&t.r, &t.ev)) > 0)
		text_write(&w, &t.ev);
	cr_assert_eq(ret, 0, "%llu:%u: %s", (unsigned long long)t.r.error.line,
		     t.r.error.column, t.r.error.text);
	text_write_end(&w);
	fclose(f);
	end(&t);
	return out;
}

Test(text, canonical_text_is_written_as_it_was_read)
{
	size_t size;
	char *out = rewrite(canonical, strlen(canonical), &size);

	cr_assert_str_eq(out, canonical);
	free(out);
}

/* A trace without a header, and one with remarks: lines stay where they are. */
Test(text, statements_keep_their_lines)
{
	static const char in[] = "1   spawn # first\n# c\n\n1 mmap 0 4K rw- private anon\n";
	static const char want[] = "1 spawn\n\n\n1 mmap 0x0 4096 rw- private anon\n";
	size_t size;
	char *out = rewrite(in, strlen(in), &size);

	cr_assert_str_eq(out, want);
	free(out);
}

/* Each kind has a row that the canonical text shows. */
Test(text, every_kind_is_tested)
{
	bool seen[NR_EVENT_KINDS] = {false};
	struct text t;

	begin(&t, canonical, strlen(canonical));
	while (text_read(&t.r, &t.ev) > 0)
		seen[t.ev.kind] = true;
	end(&t);
	for (unsigned i = 0; i < NR_EVENT_KINDS; i++) {
		const struct event_type *type = &event_types[i];

		cr_expect(seen[i], "%s", type->word);
		cr_expect_eq(type->args[EVENT_MAX_ARGS - 1].type, ARG_END,
			     "%s", type->word);
	}
}
