/*
 * sort.c - a program worth recording: fork, copy on write, shared memory,
 * files, the heap growing and shrinking.
 *
 *	parent   fills an array, forks two children, waits, compares, ends
 *	child 1  quicksorts its copy, writes it to a file
 *	child 2  merge-sorts its copy with a malloc'ed half, maps the file back
 *
 * sort ELEMENTS FILE. What the children find goes to a shared page. Compile
 * with -m32 -static; traces/recorded/record.sh does everything.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct result {
	uint32_t sum, ordered;
};

static void fill(uint32_t *a, unsigned n)
{
	uint32_t x = 12345;

	for (unsigned i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		a[i] = x >> 8;
	}
}

static void quicksort(uint32_t *a, int n)
{
	while (n > 1) {
		uint32_t pivot = a[n / 2];
		int i = 0, j = n - 1;

		for (;; i++, j--) {
			while (a[i] < pivot)
				i++;
			while (a[j] > pivot)
				j--;
			if (i >= j)
				break;
			uint32_t t = a[i];
			a[i] = a[j];
			a[j] = t;
		}
		quicksort(a, i);
		a += i;
		n -= i;
	}
}

static void mergesort(uint32_t *a, unsigned n)
{
	unsigned half = n / 2, i = 0, j = half, k = 0;
	uint32_t *left;

	if (n < 2)
		return;
	mergesort(a, half);
	mergesort(a + half, n - half);
	left = malloc(half * sizeof(*left));
	memcpy(left, a, half * sizeof(*left));
	while (i < half)
		a[k++] = j < n && a[j] < left[i] ? a[j++] : left[i++];
	free(left);
}

static struct result look(const uint32_t *a, unsigned n)
{
	struct result r = {0, 1};

	for (unsigned i = 0; i < n; i++) {
		r.sum += a[i];
		if (i && a[i - 1] > a[i])
			r.ordered = 0;
	}
	return r;
}

static void first_child(uint32_t *a, unsigned n, const char *path,
			struct result *out)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	quicksort(a, (int)n);
	if (write(fd, a, n * sizeof(*a)) < 0)
		_exit(1);
	close(fd);
	*out = look(a, n);
	_exit(0);
}

static void second_child(uint32_t *a, unsigned n, const char *path,
			 struct result *out)
{
	int fd = open(path, O_RDONLY);
	uint32_t *map;

	mergesort(a, n);
	out[0] = look(a, n);
	map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map != MAP_FAILED)
		out[1] = look(map, 4096 / sizeof(*map));
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
	const char *path = argc > 2 ? argv[2] : "/tmp/sort.out";
	struct result *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t *a = malloc(n * sizeof(*a));
	uint32_t sum;
	int good;

	fill(a, n);
	sum = look(a, n).sum;
	close(open(path, O_RDWR | O_CREAT | O_TRUNC, 0600));
	if (truncate(path, 4096))
		return 2;
	if (!fork())
		first_child(a, n, path, &shared[0]);
	if (!fork())
		second_child(a, n, path, &shared[1]);
	while (wait(NULL) > 0)
		;
	good = shared[0].ordered && shared[1].ordered &&
	       shared[0].sum == sum && shared[1].sum == sum &&
	       look(a, n).sum == sum;
	free(a);
	return good ? 0 : 1;
}
