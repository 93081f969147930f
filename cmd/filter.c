/*
 * filter.c - another program between two files.
 *
 *	text ─► a file without a name ─► the program ─► a file, or another one
 *	                                                without a name ─► text
 *
 * SOURCE_DATE_EPOCH keeps the date of the day out of what it writes: the same
 * input is the same bytes.
 */
#include "cmd/filter.h"
#include "core/types.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: never returns. */
static void become(const char *const argv[], int from, int to)
{
	if (dup2(from, STDIN_FILENO) < 0 || dup2(to, STDOUT_FILENO) < 0)
		_exit(127);
	setenv("SOURCE_DATE_EPOCH", "0", 1);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

bool run_filter(const char *const argv[], FILE *in, FILE *out)
{
	int status = 0;
	pid_t pid;

	if (fflush(in) || fseek(in, 0, SEEK_SET) || fflush(out))
		return false;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		become(argv, fileno(in), fileno(out));
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/* All of a file. NULL: it cannot be read. */
static char *read_all(FILE *f, size_t *size)
{
	long end = fseek(f, 0, SEEK_END) ? -1 : ftell(f);
	char *text = end < 0 ? NULL : malloc((size_t)end + 1);

	if (!text)
		return NULL;
	rewind(f);
	*size = fread(text, 1, (size_t)end, f);
	text[*size] = '\0';
	if (*size == (size_t)end)
		return text;
	free(text);
	return NULL;
}

bool filter_text(const char *const argv[], char **text, size_t *size)
{
	FILE *in = tmpfile(), *out = tmpfile();
	char *result = NULL;

	if (in && out && fwrite(*text, 1, *size, in) == *size &&
	    run_filter(argv, in, out))
		result = read_all(out, size);
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	if (!result)
		return false;
	free(*text);
	*text = result;
	return true;
}
