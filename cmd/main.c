/* main.c - mmemu COMMAND ARGUMENTS: finds the command and runs it. */
#include "cmd/command.h"
#include "cmd/host_limit.h"
#include "cmd/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command commands[] = {
#define COMMAND(fn, name, title) {name, fn, title},
#include "cmd/commands.def"
#undef COMMAND
};

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static void print_help(FILE *out)
{
	fprintf(out, "usage: mmemu COMMAND [OPTION]... [ARGUMENT]...\n\n"
		     "Emulates the memory manager of Linux 3.12, driven by a trace.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i].name,
			commands[i].title);
	fprintf(out, "\nmmemu help COMMAND (or mmemu COMMAND --help) says more. Example:\n"
		     "  mmemu replay traces/lecture/cow.trace --stats\n"
		     "Any command: --max-host-memory SIZE, as 2G, bounds what it takes of this host\n"
		     "(three quarters of its RAM).\n"
		     "Exit status: 0 fine, 1 the replay found something wrong, 2 bad input or\n"
		     "usage, or the host failed, 130 interrupted.\n");
}

int cmd_help(int argc, char **argv)
{
	const struct command *c;
	char help[] = "--help", *args[3];

	if (argc < 2 || argv[1][0] == '-' || !strcmp(argv[1], "help")) {
		print_help(stdout);
		return EXIT_FINE;
	}
	c = command_find(argv[1]);
	if (!c)
		return complain("help: there is no command \"%s\" (mmemu help lists them)",
				argv[1]);
	args[0] = argv[1];
	args[1] = help;
	args[2] = NULL;
	return c->run(2, args);
}

static int run(int argc, char **argv)
{
	char name[64]; /* getopt begins its messages with it */
	const struct command *c;

	if (host_limit_start(&argc, argv))
		return EXIT_BAD;
	if (argc < 2) {
		print_help(stderr);
		return EXIT_BAD;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_help(stdout);
		return EXIT_FINE;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("mmemu " MMEMU_VERSION " (Linux 3.12, i386)\n");
		return EXIT_FINE;
	}
	c = command_find(argv[1]);
	if (!c)
		return complain("there is no command \"%s\" (mmemu help lists them)",
				argv[1]);
	snprintf(name, sizeof(name), "mmemu: %s", argv[1]);
	argv[1] = name;
	return c->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int status = run(argc, argv);

	outputs_abandon();
	if (fflush(stdout) || ferror(stdout))
		return complain("cannot write to standard output");
	return status;
}
