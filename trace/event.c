/* event.c - the tables of the trace language: kinds, words, errnos, reports. */
#include "trace/event.h"

#include <string.h>

/* madvise's numbers, which core/mmap.h has too */
static const struct word advice_words[] = {
	{"normal", 0},	     {"random", 1},	   {"sequential", 2},
	{"willneed", 3},     {"dontneed", 4},	   {"remove", 9},
	{"dontfork", 10},    {"dofork", 11},	   {"mergeable", 12},
	{"unmergeable", 13}, {"hugepage", 14},	   {"nohugepage", 15},
	{"dontdump", 16},    {"dodump", 17},	   {NULL, 0},
};
static const struct word mlockall_words[] = {
	{"current", 1}, {"future", 2}, {"both", 3}, {NULL, 0}};
static const struct word msync_words[] = {
	{"async", 1}, {"invalidate", 2}, {"sync", 4}, {NULL, 0}};
static const struct word drop_words[] = {
	{"1", 1}, {"2", 2}, {"3", 3}, {NULL, 0}};

static const struct word ksm_words[] = {
	{"scans", KSM_SCANS}, {"pages", KSM_PAGES}, {NULL, 0}};

static const struct word cgroup_words[] = {
	{"create", CGROUP_CREATE},
	{"remove", CGROUP_REMOVE},
	{"empty", CGROUP_EMPTY},
	{"limit", CGROUP_LIMIT},
	{"memsw", CGROUP_MEMSW},
	{"swappiness", CGROUP_SWAPPINESS},
	{"hierarchy", CGROUP_HIERARCHY},
	{NULL, 0}};
static const struct word cgroup_pid_words[] = {{"attach", 0}, {NULL, 0}};

const struct event_type event_types[NR_EVENT_KINDS] = {
#define EVENT(id, actor, word, flags, ...) {word, actor, flags, {__VA_ARGS__}},
#include "trace/events.def"
#undef EVENT
};

int event_kind_find(enum event_actor actor, const char *word, size_t len)
{
	for (int i = 0; i < NR_EVENT_KINDS; i++)
		if (event_types[i].actor == actor &&
		    strlen(event_types[i].word) == len &&
		    !memcmp(event_types[i].word, word, len))
			return i;
	return -1;
}

const struct report_kind report_kinds[] = {
	{"buddyinfo", false},	{"pagetypeinfo", false}, {"zoneinfo", false},
	{"slabinfo", false},	{"meminfo", false},	 {"vmstat", false},
	{"vmallocinfo", false}, {"swaps", false},	 {"maps", true},
	{"smaps", true},	{"status", true},	 {"statm", true},
	{"stat", true},		{"pagemap", true},	 {"pagetables", true},
	{"rmap", true},		{"tables", true},	 {"frames", false},
	{"state", false},	{"lru", false}, {"ksm", false},	 {"memcg", false}, {"extfrag", false},
	{"summary", false},	{"tlb", false},
};
const unsigned nr_report_kinds = ARRAY_SIZE(report_kinds);

const struct report_kind *report_kind_find(const char *name, size_t len)
{
	for (unsigned i = 0; i < nr_report_kinds; i++)
		if (strlen(report_kinds[i].name) == len &&
		    !memcmp(report_kinds[i].name, name, len))
			return &report_kinds[i];
	return NULL;
}

#define E(name) {#name, name}
static const struct word failures[] = {
	E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG),
	E(ENOEXEC), E(EBADF), E(ECHILD), E(EAGAIN), E(ENOMEM), E(EACCES),
	E(EFAULT), E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV),
	E(ENOTDIR), E(EISDIR), E(EINVAL), E(ENFILE), E(EMFILE), E(ENOTTY),
	E(ETXTBSY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK),
	E(EPIPE), E(EDOM), E(ERANGE), E(EDEADLK), E(ENAMETOOLONG), E(ENOLCK),
	E(ENOSYS), E(ENOTEMPTY), E(ELOOP), E(EOVERFLOW), E(ELIBBAD),
	E(EOPNOTSUPP), E(EALREADY), E(ESTALE),
	{"SIGBUS", EXPECT_SIGNAL + 7}, {"SIGKILL", EXPECT_SIGNAL + 9},
	{"SIGSEGV", EXPECT_SIGNAL + 11}, {NULL, 0},
};
#undef E

const char *failure_name(int failure)
{
	for (const struct word *w = failures; w->text; w++)
		if ((int)w->value == failure)
			return w->text;
	return NULL;
}

int failure_find(const char *name, size_t len)
{
	for (const struct word *w = failures; w->text; w++)
		if (strlen(w->text) == len && !memcmp(w->text, name, len))
			return (int)w->value;
	return 0;
}

/* Relative, no component "..", none empty: the file stays in its folder. */
bool output_name_ok(const char *name, size_t len)
{
	const char *end = name + len;

	if (!len || memchr(name, '\0', len))
		return false;
	for (const char *p = name; p <= end;) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		size_t n = slash ? (size_t)(slash - p) : (size_t)(end - p);

		if (!n || (n == 2 && p[0] == '.' && p[1] == '.') ||
		    (n == 1 && p[0] == '.'))
			return false;
		p += n + 1;
	}
	return true;
}
