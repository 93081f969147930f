/*
 * output.h - files that appear whole or not at all.
 *
 * A file is written under another name in its folder and renamed when it is
 * complete. What was begun and not kept is removed, also when the program
 * ends early, by a signal too (but SIGKILL, and a crash).
 */
#ifndef MMEMU_CMD_OUTPUT_H
#define MMEMU_CMD_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct output {
	FILE *f;
	char *path; /* NULL: standard output */
	char *temp;
	struct output *next; /* of those that are open */
};

/* path "-": standard output. Missing folders are made. 0, or -1 after a
 * message. The structure must stay where it is until it is closed. */
int output_open(struct output *o, const char *path);
/* Keep it (rename) or drop it. 0, or -1 after a message. */
int output_close(struct output *o, bool keep);
/* $TMPDIR, or /tmp. */
const char *temp_folder(void);
/* An empty file there, o->temp, that is removed by scratch_remove(), or when the
 * program ends early. name: "any.XXXXXX.thing". 0, or -1 after a message. */
int scratch_make(struct output *o, const char *name);
void scratch_remove(struct output *o);
/* A new folder there, for one at a time: "NAME.XXXXXX". It is removed with all
 * in it by scratch_folder_remove(), or where the host's memory ends; not by a
 * child process. NULL after a message. */
const char *scratch_folder_make(const char *name);
void scratch_folder_remove(void);
/* A folder that somebody else makes and removes; NULL: no more. */
void scratch_folder_watch(const char *path);
void remove_folder(const char *path);
/* Remove everything that is still open; a signal handler may call it. */
void outputs_abandon(void);
/* A signal handler that does that and ends the program by the signal. */
void outputs_end(int signal);
/* convert.c: the stream to write to, compressing if path ends in .zst, and its
 * end (true: all was written); output_close() follows. */
FILE *compressing(struct output *o, const char *path, int level);
bool compressed(struct output *o, FILE *f);
/* The folder and those above it, as far as they are missing. 0 or -1. */
int make_folders(const char *path);

#endif
