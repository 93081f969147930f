/*
 * record.c - mmemu record: run a program under strace or valgrind, make a trace
 * of it.
 *
 *	mmemu record -- ls -l          strace: mappings, processes; fast
 *	mmemu record --accesses -- ls  valgrind's lackey: every access too; the
 *	                               program runs some hundred times slower
 *
 * The tool writes its logs into a folder of its own, which is removed when they
 * are imported, and also when anything goes wrong. valgrind would overwrite a
 * process's log at each exec; follow.c keeps what there was. The recording ends
 * when every process has ended. SIGINT ends the program and the recording.
 */
#define _GNU_SOURCE /* strverscmp */
#include "cmd/command.h"
#include "cmd/follow.h"
#include "cmd/import.h"
#include "cmd/options.h"
#include "cmd/output.h"

#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
	"usage: mmemu record [OPTION]... -- PROGRAM [ARGUMENT]...\n"
	"\n"
	"Runs a program and makes a trace of it: its mappings and processes, recorded\n"
	"with strace, or with --accesses every access too, recorded with valgrind.\n"
	"\n"
	"  -o, --output FILE     the trace (.mmt: binary, .zst: compressed text); default\n"
	"                        PROGRAM.mmt\n"
	"      --accesses        every load, store and fetch; some hundred times slower,\n"
	"                        and about 12 bytes of temporary file each\n"
	"      --max-accesses N  leave out the accesses behind the N-th\n"
	"      --slice N         accesses until another process has its turn (10000)\n"
	"      --wide            keep 64-bit addresses (default: below 3 GiB)\n"
	"      --keep DIR        leave the tool's logs in that new folder\n"
	"  -l, --level N         how hard zstd tries, 1 to 19 (9)\n"
	"  -h, --help            this\n"
	"\n"
	"Temporary logs are in $TMPDIR, or /tmp.\n"
	"\n"
	"Example:\n"
	"  mmemu record --accesses -o ls.mmt -- ls -l\n"
	"  mmemu replay ls.mmt --stats\n";

enum { OPT_ACCESSES = 256, OPT_MAX, OPT_SLICE, OPT_WIDE, OPT_KEEP };

static const struct option options[] = {
	{"output", required_argument, NULL, 'o'},
	{"accesses", no_argument, NULL, OPT_ACCESSES},
	{"max-accesses", required_argument, NULL, OPT_MAX},
	{"slice", required_argument, NULL, OPT_SLICE},
	{"wide", no_argument, NULL, OPT_WIDE},
	{"keep", required_argument, NULL, OPT_KEEP},
	{"level", required_argument, NULL, 'l'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

#define MAX_PATH 4096

struct record {
	struct import_options import;
	const char *output, *keep;
	bool accesses;
	int level;
	char **program; /* with its arguments, NULL behind */
	int nr;
	const char *dir; /* of the logs */
	char default_output[300];
};

/* ---- the tool and the program ---- */

static int check_tools(const struct record *r)
{
	const char *tool = r->accesses ? "valgrind" : "strace";
	const char *program = r->program[0];
	struct stat st;

	if (!in_path(tool))
		return complain("record: %s is not installed, and %s needs it (Debian: apt-get install %s)",
				tool,
				r->accesses ? "--accesses" : "recording",
				tool);
	if (!strchr(program, '/'))
		return in_path(program)
			       ? 0
			       : complain("record: there is no program \"%s\" in PATH",
					  program);
	if (stat(program, &st) || access(program, X_OK))
		return complain("record: cannot run %s: %s", program,
				strerror(errno));
	if (!S_ISREG(st.st_mode))
		return complain("record: cannot run %s: it is no file",
				program);
	return 0;
}

#define MAX_TOOL_ARGS 16
#define LOG_ARG (MAX_PATH + 64)

#define STRACE_CALLS                                                   \
	"trace=%memory,%process,?open,openat,?creat,close,dup,?dup2,dup3," \
	"fcntl,?fcntl64,?memfd_create"

static void join_args(char **args, char *const *fixed, size_t n, char *log)
{
	memcpy(args, fixed, n * sizeof(*args));
	args[n] = log;
	args[n + 1] = "--";
	args[n + 2] = NULL;
}

static void strace_args(const struct record *r, char **args, char *log)
{
	static char *const fixed[] = {
		"strace", "-f", "-y", "-q", "-I", "2", "-e", "signal=none",
		"-e",
		STRACE_CALLS, "-o"};

	snprintf(log, LOG_ARG, "%s/log", r->dir);
	join_args(args, fixed, ARRAY_SIZE(fixed), log);
}

static void valgrind_args(const struct record *r, char **args, char *log)
{
	static char *const fixed[] = {
		"valgrind", "--tool=lackey", "--trace-mem=yes",
		"--trace-syscalls=yes", "--basic-counts=no",
		"--trace-children=yes", "--vgdb=no"};

	snprintf(log, LOG_ARG, "--log-file=%s/log.%%p", r->dir);
	join_args(args, fixed, ARRAY_SIZE(fixed), log);
}

/* Becomes the tool. Does not return. */
static void run_tool(const struct record *r)
{
	char *args[MAX_TOOL_ARGS], log[LOG_ARG], **all;
	size_t n = 0;

	if (r->accesses)
		valgrind_args(r, args, log);
	else
		strace_args(r, args, log);
	while (args[n])
		n++;
	all = host_alloc(&cmd_host, (n + (size_t)r->nr + 1) * sizeof(*all));
	memcpy(all, args, n * sizeof(*all));
	memcpy(all + n, r->program, ((size_t)r->nr + 1) * sizeof(*all));
	signal(SIGINT, SIG_DFL);
	execvp(all[0], all);
	complain("record: cannot run %s: %s", all[0], strerror(errno));
	_exit(EXIT_BAD);
}

static int say_status(const struct record *r, int status)
{
	const char *name = r->program[0];

	if (WIFSIGNALED(status))
		fprintf(stderr, "%s was ended by signal %d\n", name,
			WTERMSIG(status));
	else if (WEXITSTATUS(status))
		fprintf(stderr, "%s ended with status %d\n", name,
			WEXITSTATUS(status));
	return 0;
}

static volatile sig_atomic_t tool;

/* The first one ends the tool and by it the program, the second kills it. The
 * logs are removed in any case, so no default action. */
static void on_interrupt(int signal __unused_arg)
{
	if (tool > 0)
		kill(tool, interrupted ? SIGKILL : SIGTERM);
	interrupted = 1;
}

static void catch_interrupts(void)
{
	struct sigaction sa = {.sa_handler = on_interrupt};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
}

/* valgrind's processes are followed. Where that is not allowed the recording
 * goes on: most programs do not exec after they made a child. */
static void follow_tool(const struct record *r, pid_t pid)
{
	if (r->accesses && !follow(pid))
		fprintf(stderr, "record: processes cannot be followed here (ptrace: %s): what they do before an exec is lost\n",
			strerror(errno));
}

/* The tool as a child that starts when it is followed. */
static pid_t start_tool(const struct record *r)
{
	int gate[2];
	pid_t pid = -1;
	char go;

	fflush(NULL);
	if (!pipe(gate))
		pid = fork();
	if (pid < 0) {
		complain("record: cannot start %s: %s", r->program[0],
			 strerror(errno));
		return -1;
	}
	if (!pid) {
		close(gate[1]);
		while (read(gate[0], &go, 1) < 0 && errno == EINTR)
			;
		close(gate[0]);
		run_tool(r);
	}
	close(gate[0]);
	follow_tool(r, pid);
	close(gate[1]); /* go */
	return pid;
}

/* Until all have ended that waitpid tells of: the tool, and what is followed.
 * Interrupted, until the tool has. The tool's status. */
static int wait_for_all(const struct record *r)
{
	int status = 0, s;

	while (!interrupted || tool) {
		pid_t pid = waitpid(-1, &s, __WALL);

		if (pid < 0 && errno != EINTR)
			break; /* there is none any more */
		if (pid > 0 && WIFSTOPPED(s)) {
			follow_stopped(r->dir, pid, s);
		} else if (pid > 0 && pid == tool) {
			status = s;
			tool = 0;
		}
	}
	return status;
}

/* Runs until the program has ended; SIGINT ends it. */
static int run_program(const struct record *r)
{
	pid_t pid = start_tool(r);
	int status;

	if (pid < 0)
		return EXIT_BAD;
	tool = pid;
	if (interrupted) /* before its number was known */
		kill(pid, SIGTERM);
	status = wait_for_all(r);
	return interrupted ? EXIT_INTERRUPTED : say_status(r, status);
}

/* ---- the logs ---- */

static int make_dir(struct record *r)
{
	r->dir = r->keep ? r->keep : scratch_folder_make("mmemu-record");
	if (!r->dir)
		return EXIT_BAD;
	if (strlen(r->dir) > MAX_PATH - 64) {
		complain("record: the name of the logs' folder is too long: %.60s...",
			 r->dir);
		scratch_folder_remove();
		return EXIT_BAD;
	}
	if (!r->keep)
		return 0;
	if (mkdir(r->dir, 0777) && errno == EEXIST)
		return complain("record: --keep: expected a new folder, %s is there",
				r->keep);
	if (access(r->dir, W_OK))
		return complain("record: cannot make the folder %s: %s",
				r->keep, strerror(errno));
	return 0;
}

/* valgrind's log.PID and log.PID.N: first the oldest process's. */
static long log_pid(const char *path)
{
	const char *dot = strchr(strrchr(path, '/'), '.');

	return dot ? atol(dot + 1) : 0;
}

static int by_number(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	long n = log_pid(x), m = log_pid(y);

	if (n != m)
		return n < m ? -1 : 1;
	return strverscmp(x, y);
}

struct log_list {
	char **path;
	unsigned nr, max;
};

static void list_logs(const struct record *r, struct log_list *list)
{
	DIR *d = opendir(r->dir);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t len = strlen(r->dir) + strlen(e->d_name) + 2;
		char *path;

		if (e->d_name[0] == '.')
			continue;
		if (list->nr == list->max) {
			unsigned max = 2 * list->max + 16;

			list->path = host_realloc(
				&cmd_host, list->path,
				list->max * sizeof(*list->path),
				max * sizeof(*list->path));
			list->max = max;
		}
		path = host_alloc(&cmd_host, len);
		snprintf(path, len, "%s/%s", r->dir, e->d_name);
		list->path[list->nr++] = path;
	}
	if (d)
		closedir(d);
	if (list->nr)
		qsort(list->path, list->nr, sizeof(*list->path), by_number);
}

static void free_list(struct log_list *list)
{
	for (unsigned i = 0; i < list->nr; i++)
		host_strfree(&cmd_host, list->path[i]);
	host_free(&cmd_host, list->path, list->max * sizeof(*list->path));
}

/* ---- the trace ---- */

static void say_next(const struct record *r, const struct import_counts *n)
{
	const char *wide =
		r->import.wide
			? " --set paging=x86-64 --set layout.task_size=0x7ffffffff000"
			: "";

	fprintf(stderr, "%s: %llu processes, %llu accesses\n", r->output,
		(unsigned long long)n->processes,
		(unsigned long long)n->accesses);
	fprintf(stderr, "next:\n"
			"  mmemu replay%s %s --stats\n"
			"  mmemu replay%s %s --at last -r maps=100 -r status=100\n",
		wide, r->output, wide, r->output);
	if (!r->accesses)
		fprintf(stderr, "(record --accesses takes every access too)\n");
}

/* What a binary trace says of itself. */
static void metadata(const struct record *r, char *text, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;
	char date[32] = "";
	size_t at;

	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	at = (size_t)snprintf(text, size, "recorder=%s\ndate=%s\nprogram=",
			      r->accesses ? "valgrind lackey" : "strace", date);
	for (int i = 0; i < r->nr && at < size - 2; i++)
		at += (size_t)snprintf(text + at, size - 1 - at, "%s%s",
				       i ? " " : "", r->program[i]);
	at = strlen(text);
	for (char *p = strstr(text, "program="); *p; p++)
		if (*p == '\n')
			*p = ' '; /* an argument of several lines */
	strcpy(text + at, "\n");
}

static int import_logs(struct record *r)
{
	char meta[1024];
	const char *name = r->accesses ? "lackey" : "strace";
	struct import_counts counts;
	struct log_list list = {0};
	int ret;

	list_logs(r, &list);
	if (!list.nr) {
		free_list(&list);
		return complain("record: %s wrote no log",
				r->accesses ? "valgrind" : "strace");
	}
	r->import.inputs = (const char *const *)list.path;
	r->import.nr_inputs = list.nr;
	metadata(r, meta, sizeof(meta));
	ret = import_file(import_format_find(name), &r->import, r->output, meta,
			  r->level, &counts);
	free_list(&list);
	if (!ret && strcmp(r->output, "-"))
		say_next(r, &counts);
	return ret;
}

static int record(struct record *r)
{
	const char *slash = strrchr(r->program[0], '/');
	int ret = check_tools(r);

	if (ret)
		return ret;
	snprintf(r->default_output, sizeof(r->default_output), "%.250s.mmt",
		 slash ? slash + 1 : r->program[0]);
	if (!r->output)
		r->output = r->default_output;
	catch_interrupts();
	ret = make_dir(r);
	if (ret)
		return ret;
	ret = run_program(r);
	if (!ret)
		ret = import_logs(r);
	scratch_folder_remove();
	return ret;
}

static int parse_one(void *ctx, int o, char *arg)
{
	struct record *r = ctx;
	uint64_t n = 0;
	int bad;

	switch (o) {
	case 'o':
		r->output = arg;
		return 0;
	case OPT_ACCESSES:
		r->accesses = true;
		return 0;
	case OPT_WIDE:
		r->import.wide = true;
		return 0;
	case OPT_KEEP:
		r->keep = arg;
		return 0;
	case 'l':
		return level_option(arg, &r->level);
	case OPT_SLICE:
		bad = number_option("--slice", arg, 1, UINT32_MAX,
				    "a number of accesses", &n);
		r->import.slice = (uint32_t)n;
		return bad;
	case OPT_MAX:
		return number_option("--max-accesses", arg, 1, UINT64_MAX,
				     "a number of accesses",
				     &r->import.max_accesses);
	default:
		return usage_error("record");
	}
}

int cmd_record(int argc, char **argv)
{
	struct record *r = host_alloc(&cmd_host, sizeof(*r));
	int status;

	import_defaults(&r->import);
	r->level = 9;
	/* "+": what follows the program is its own */
	status = parse_options(argc, argv, "+o:l:h", options, help, parse_one,
			       r);
	if (status < 0 && optind == argc) {
		complain("record: expected -- PROGRAM");
		status = usage_error("record");
	}
	r->program = argv + optind;
	r->nr = argc - optind;
	if (status < 0)
		status = record(r);
	host_free(&cmd_host, r, sizeof(*r));
	return status;
}
