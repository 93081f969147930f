/* The importers of perf, kmem and address lists; hostile input to all. */
#include "tests/trace/import_fixture.h"

#define DATA "tests/data/import/"

/* ---- perf ---- */

Test(perf, faults_maps_and_processes)
{
	expect_trace("perf",
		"dash 7/7 1.000001: PERF_RECORD_COMM exec: dash:7/7\n"
		"dash 7/7 1.000002: PERF_RECORD_MMAP2 7/7: [0x7ffd6a81e000(0x21000) @ 0x7ffffffde000 00:00 0 0]: rw-p [stack]\n"
		"dash 7/7 1.000003: PERF_RECORD_MMAP2 7/7: [0x20000000(0x2000) @ 0x1000 fe:00 247230 0]: rw-p /nowhere/x\n"
		"dash 7/7 1.000004: page-faults: 20000100 20000100\n"
		"dash 7/7 1.000005: page-faults: 20001100 20000100\n"
		"dash 7/7 1.000006: page-faults: ffffffff81000000 ffffffff81000001\n"
		"dash 7/7 1.000007: PERF_RECORD_FORK(8:8):(7:7)\n"
		"dash 8 [001] 1.000008: exceptions:page_fault_user: address=0x7ffd6a83e000 ip=0x1 error_code=0x6\n"
		"dash 8/8 1.000009: PERF_RECORD_MMAP2 8/8: [0x20000000(0x1000) @ 0x1000 fe:00 247230 0]: r--p /nowhere/x\n"
		"dash 8 1.000010: 1 cpu/mem-loads,ldlat=30/P: 20000104 20000100\n"
		"dash 8/8 1.000011: PERF_RECORD_EXIT(8:8):(7:7)\n"
		"dash 7/7 1.000012: PERF_RECORD_FORK(7:9):(7:7)\n",
		"100 spawn dash\n"
		"100 exec /bin/dash text 4096\n"
		"100 munmap 0x8048000 4096\n"
		"file /nowhere/x size 12288\n"
		"100 mmap 0x20000000 8192 rw- private file /nowhere/x 4096 fixed\n"
		"100 fetch 0x20000100\n"
		"100 write 0x20001100\n"
		"100 fork 101\n"
		"101 write 0xbffff000\n"
		"101 mprotect 0x20000000 4096 r--\n"
		"101 read 0x20000104\n"
		"101 exit\n"
		"100 clone 102\n");
}

Test(perf, what_is_wrong)
{
	expect_error("perf", "hello\n", 1,
		     "no sample and no PERF_RECORD line, expected the text of perf script");
	expect_error("perf", "dash 7 1.5: 1 page-faults: 7f8 main+0x1 (/bin/x)\n",
		     1, "a sample without an address, expected perf script -F comm,tid,time,event,addr,ip");
	expect_error("perf", "x 7 1.5: PERF_RECORD_MMAP2 7/7: [0x]: r\n", 1,
		     "a PERF_RECORD_MMAP that cannot be read");
	expect_error("perf", "x 7 1.5: PERF_RECORD_FORK(1\n", 1,
		     "a PERF_RECORD_FORK that cannot be read");
}

/* ---- kmem ---- */

Test(kmem, frames)
{
	expect_trace("kmem",
		"# tracer: nop\n"
		"ls-1 [000] ..... 1.5: mm_page_alloc: page=0 pfn=0x10 order=0 migratetype=0 gfp_flags=GFP_KERNEL_ACCOUNT|__GFP_ZERO|__GFP_COMP\n"
		"ls 1 [001] 2.5: kmem:mm_page_alloc: page=0 pfn=32 order=3 migratetype=1 gfp_flags=GFP_HIGHUSER_MOVABLE|GFP_COLD\n"
		"ls-1 [000] ..... 1.5: mm_page_free_batched: page=0 pfn=0x10 order=0\n"
		"ls-1 [000] ..... 1.5: mm_page_free: page=0 pfn=0x10 order=0\n"
		"ls-1 [000] ..... 1.5: mm_page_free: page=0 pfn=0x11 order=0\n"
		"ls-1 [000] ..... 1.5: mm_page_alloc: page=0 pfn=0x20 order=0 migratetype=0 gfp_flags=GFP_NOWAIT\n",
		"kernel alloc_pages 0 GFP_KERNEL|__GFP_COMP|__GFP_ZERO -> pfn_10\n"
		"kernel alloc_pages 3 GFP_HIGHUSER_MOVABLE|__GFP_COLD -> pfn_20\n"
		"kernel free_pages pfn_10\n"
		"kernel free_pages pfn_20\n"
		"kernel alloc_pages 0 GFP_NOWAIT -> pfn_20\n");
}

Test(kmem, objects)
{
	static const char log[] =
		"ls-1 [000] ..... 1.5: kmalloc: call_site=f+0x1 ptr=00000000d53f5fa6 bytes_req=64 bytes_alloc=64 gfp_flags=GFP_KERNEL\n"
		"ls-1 [000] ..... 1.5: kmem_cache_alloc: call_site=f ptr=0xffff888102bab000 name=maple_node bytes_req=256 bytes_alloc=256 gfp_flags=GFP_KERNEL\n"
		"ls-1 [000] ..... 1.5: kmem_cache_alloc: call_site=f ptr=0xffff888102bab100 name=vm_area_struct bytes_req=192 bytes_alloc=192 gfp_flags=GFP_KERNEL\n"
		"ls-1 [000] ..... 1.5: kmem_cache_free: call_site=f ptr=0xffff888102bab000 name=maple_node\n"
		"ls-1 [000] ..... 1.5: kfree: call_site=f ptr=00000000d53f5fa6\n"
		"ls-1 [000] ..... 1.5: kfree: call_site=f ptr=(nil)\n"
		"ls-1 [000] ..... 1.5: mm_page_alloc: page=0 pfn=0x20 order=0 migratetype=0 gfp_flags=GFP_NOWAIT\n";
	struct import_options opt = fixture_options();
	struct imported out;

	opt.objects = true;
	import_bytes(&out, "kmem", opt, log, strlen(log));
	cr_expect_str_eq(out.text,
		"mmemu-trace 1\n"
		"kernel kmalloc 64 GFP_KERNEL -> obj_d53f5fa6\n"
		"kernel kmem_cache_create maple_node 256\n"
		"kernel kmem_cache_alloc maple_node GFP_KERNEL -> obj_ffff888102bab000\n"
		"kernel kmem_cache_alloc vm_area_struct GFP_KERNEL -> obj_ffff888102bab100\n"
		"kernel kmem_cache_free maple_node obj_ffff888102bab000\n"
		"kernel kfree obj_d53f5fa6\n", "%s", out.text);
	cr_expect(strstr(out.notes, "1 events of frames are left out"));
	free(out.text);
}

Test(kmem, what_is_wrong)
{
	expect_error("kmem", "", 0, "no event of kmem, expected mm_page_alloc, kmalloc and their like");
	expect_error("kmem", "hello\n", 1, "found no event, expected the text of ftrace or perf script");
	expect_error("kmem", "x-1 [0] 1.5: mm_page_alloc: order=0\n", 1,
		     "mm_page_alloc, expected pfn=, order= and gfp_flags=");
}

/* ---- address lists ---- */

#define AREA(pid, addr) #pid " mmap " addr " 4194304 rwx private anon fixed\n"

Test(addresses, din)
{
	expect_trace("din",
		"2 401000 comment\n0 401004\n1 0x501008\n4 0\nw 501010 10\n",
		"100 spawn\n" AREA(100, "0x400000")
		"100 fetch 0x401000\n100 read 0x401004\n"
		"100 write 0x501008\n100 write 0x501010 16\n");
	expect_error("din", "0 1000\nq 5\n", 2, "found \"q 5\", expected a label: 0 to 4 or r, w, i, m, c, v");
	expect_error("din", "0 xyz\n", 1, "found \"xyz\", expected a hexadecimal address");
}

/* A block's own place if it is free, else the highest. */
Test(addresses, blocks_of_64_bits)
{
	expect_trace("csv",
		"addr\n0x7f0000401000\n0xbbc00000\n0x7f0000401001\n0x1\n",
		"100 spawn\n" AREA(100, "0xbbc00000") "100 read 0xbbc01000\n"
		AREA(100, "0xbb800000") "100 read 0xbb800000\n"
		"100 read 0xbbc01001\n"
		AREA(100, "0xbb400000") "100 read 0xbb400001\n");
}

Test(addresses, csv)
{
	struct import_options opt = fixture_options();
	static const char bare[] = "7f0000,x,W\n";
	struct imported out;

	expect_trace("csv", "pid,Type,addr,size\n7,R,0x400000,4\n8;w;\"0x400004\";8\n",
		"100 spawn\n" AREA(100, "0x400000") "100 read 0x400000 4\n"
		"101 spawn\n" AREA(101, "0x400000") "101 write 0x400004 8\n");
	expect_trace("csv", "0x400000 0x400100 W\n", "100 spawn\n"
		AREA(100, "0x400000") "100 fetch 0x400000\n100 write 0x400100\n");
	expect_trace("csv", "W 4194304\n", "100 spawn\n"
		AREA(100, "0x400000") "100 write 0x400000\n");
	opt.columns = "xaddr,_,kind";
	import_bytes(&out, "csv", opt, bare, strlen(bare));
	cr_expect(strstr(out.text, "100 write 0x7f0000\n"), "%s", out.text);
	free(out.text);
	expect_error("csv", "hello world\n", 1, "it cannot be seen what the columns are, expected --columns addr,kind,...");
	expect_error("csv", "addr,kind\n0x1000,r\n0x1000\n", 3, "found 1 columns, expected 2");
	expect_error("csv", "addr\n12ab\n", 2, "column 1: found \"12ab\", expected an address (without 0x: --columns xaddr)");
}

Test(addresses, champsim)
{
	uint8_t rec[128] = {0};
	struct imported out;

	rec[2] = 0x40;			 /* ip 0x400000 */
	rec[16 + 2] = 0x40, rec[16] = 8; /* writes 0x400008 */
	rec[32 + 2] = 0x40, rec[32] = 4; /* reads 0x400004 */
	rec[64 + 2] = 0x40, rec[64] = 3;
	import_bytes(&out, "champsim", fixture_options(), rec, 128);
	cr_expect_str_eq(out.text, "mmemu-trace 1\n100 spawn\n"
		AREA(100, "0x400000") "100 fetch 0x400000\n"
		"100 read 0x400004\n100 write 0x400008\n100 fetch 0x400003\n",
		"%s", out.text);
	free(out.text);
	import_bytes(&out, "champsim", fixture_options(), rec, 100);
	cr_expect_str_eq(out.error.text, "ends within a record, expected 64 bytes each");
	free(out.text);
}

Test(addresses, dynamorio)
{
	expect_trace("dynamorio",
		"Output format:\n"
		"  15   9:  500 ifetch       3 byte(s) @ 0x0000000000402680 48 89 e7 mov\n"
		"  16: T500 write        8 byte(s) @ 0x00000000004037c0 by PC 0x0000000000402680\n"
		"T501   0x0000000000402684  4c 8b 54 24 08       mov    0x08(%rsp), %r10\n"
		"T501     read  8 byte(s) @ 0x402fd0\n"
		"T501 <marker: tid 501 on core 0>\n",
		"100 spawn\n" AREA(100, "0x400000") "100 fetch 0x402680 3\n"
		"100 write 0x4037c0 8\n100 clone 101\n101 fetch 0x402684 5\n"
		"101 read 0x402fd0 8\n");
	expect_error("dynamorio", "nothing\n", 1, "no access in this file");
}

/* ---- real logs, and what may come instead ---- */

static const struct {
	const char *format, *file;
	unsigned processes;
} data[] = {
	{"strace", DATA "strace-fork-32.log", 3},
	{"strace", DATA "strace-fork-64.log", 3},
	{"strace", DATA "strace-y-pipe.log", 3},
	{"perf", DATA "perf-faults-64.txt", 3},
	{"perf", DATA "perf-faults-symbols.txt", 2},
	{"perf", DATA "perf-exceptions-32.txt", 3},
	{"kmem", DATA "kmem-ftrace.txt", 0},
	{"kmem", DATA "kmem-perf.txt", 0},
	{"kmem", DATA "kmem-3.12.txt", 0},
	{"din", DATA "din.txt", 1},
	{"dynamorio", DATA "dynamorio-view.txt", 2},
	{"dynamorio", DATA "dynamorio-view-old.txt", 2},
	{"csv", DATA "addresses.csv", 2},
	{"csv", DATA "champsim-like.txt", 1},
};

Test(import, real_logs)
{
	struct imported out;

	for (size_t i = 0; i < ARRAY_SIZE(data); i++) {
		import_files(&out, data[i].format, fixture_options(), 1,
			     &data[i].file);
		cr_expect_eq(out.ret, 0, "%s: %s", data[i].file,
			     out.error.text);
		cr_expect_eq(out.counts.processes, data[i].processes, "%s: %llu",
			     data[i].file,
			     (unsigned long long)out.counts.processes);
		free(out.text);
	}
}

/* Bytes changed, lines cut: an error or a trace, never a crash. */
Test(import, damaged_logs)
{
	static char log[200000], bad[sizeof(log)];
	uint32_t x = 1;

	for (size_t i = 0; i < ARRAY_SIZE(data); i++) {
		FILE *f = fopen(data[i].file, "r");
		size_t size = fread(log, 1, 20000, f);

		fclose(f);
		for (unsigned round = 0; round < 40; round++) {
			size_t from = 0;
			struct imported out;

			memcpy(bad, log, size);
			for (unsigned n = 0; n < 1u << round % 8; n++) {
				static const char bytes[] =
					"\0\n <>()[]\"=,:0x-9fF~+";

				x = x * 1664525 + 1013904223;
				from = x % size;
				x = x * 1664525 + 1013904223;
				bad[from] = bytes[(x >> 16) % sizeof(bytes)];
			}
			import_bytes(&out, data[round % 5 ? i : x % ARRAY_SIZE(data)].format,
				     fixture_options(), bad,
				     round % 3 ? size : from);
			free(out.text);
		}
	}
}
