/*
 * control.c - tests that must fail: one for each kind of error that a run
 * under sanitizers or memcheck is there to find. If one of them passed, a green
 * run of the others would mean nothing.
 *
 * The suite's name says who finds it: `both` sanitizers and memcheck, `asan`
 * only the sanitizers.
 */
#include <criterion/criterion.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The compiler must not see through these. */
static void *volatile kept;
static volatile int one = 1;
static volatile int result;

Test(both, assertion)
{
	cr_assert_eq(one, 2, "one is %d", one);
}

Test(both, expectation)
{
	cr_expect(one == 2);
}

Test(both, crash)
{
	*(volatile int *)(one - 1L) = 1;
}

/* In frames of their own, so that no register or stack slot keeps the address. */
static __attribute__((noinline)) void lose(void)
{
	kept = malloc(100);
	kept = NULL;
}

static __attribute__((noinline)) int overwrite_stack(void)
{
	volatile char a[512];

	memset((char *)a, one, sizeof(a));
	return a[100];
}

Test(both, leak)
{
	lose();
	result = overwrite_stack();
}

Test(both, behind_the_end)
{
	char *p = calloc(1, 16);

	kept = p;
	p[15 + one] = 1;
	free(p);
}

Test(both, use_after_free)
{
	char *p = calloc(1, 16);

	kept = p;
	free(p);
	result = ((volatile char *)kept)[3];
}

Test(both, double_free)
{
	kept = malloc(16);
	free(kept);
	free(kept);
}

Test(asan, behind_the_end_of_an_array)
{
	volatile char a[16] = {0};

	a[15 + one] = 1;
	result = a[3];
}

Test(asan, signed_overflow)
{
	result = INT_MAX;
	result = result + one;
}

Test(asan, shift)
{
	result = one << (31 + one);
}

Test(asan, misaligned)
{
	static long a[2];

	result = (int)*(volatile long *)((char *)a + one);
}
