/* driver.c - a target without an engine: TARGET FILE|FOLDER... */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

static unsigned nr;

static void run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(1 << 20);
	size_t size;

	fuzz_check(f && data, "cannot read %s", path);
	size = fread(data, 1, 1 << 20, f);
	fclose(f);
	/* its exact size, so that a sanitizer sees a byte too much */
	data = realloc(data, size ? size : 1);
	fprintf(stderr, "\r%s", path);
	fuzz_one(data, size);
	fprintf(stderr, "\r%*s\r", (int)strlen(path), "");
	free(data);
	nr++;
}

static void run_path(const char *path)
{
	struct stat st;
	struct dirent *e;
	DIR *dir;
	char name[1024];

	fuzz_check(!stat(path, &st), "there is no %s", path);
	if (!S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	dir = opendir(path);
	fuzz_check(dir, "cannot read %s", path);
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		run_path(name);
	}
	closedir(dir);
}

int main(int argc, char **argv)
{
	fuzz_start(argv[0]);
	for (int i = 1; i < argc; i++)
		run_path(argv[i]);
	printf("%u inputs\n", nr);
	return nr ? 0 : 1;
}
