/*
 * disk.c - what files hold when they are not in memory.
 *
 * A file's bytes are a formula, (o + o/4096) mod 256 at offset o, so gigabytes
 * of them cost nothing. Only pages that were written back differ; they are
 * kept by offset in a sorted array:
 *
 *	disk ─► {2, bytes} {7, hole} {9, bytes}
 *
 * Pages are mostly written in ascending order, so insertion is mostly at the
 * end. Shared anonymous memory has no formula: it starts as zeros.
 */
#include "core/filemap.h"

#include <string.h>

#define FORMULA_PAGE 4096u /* the formula's, whatever the machine's is */

/* Place of index in the array, or where it would go. */
static uint32_t disk_find(const struct inode *inode, uint64_t index)
{
	uint32_t lo = 0, hi = inode->nr_disk;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (inode->disk[mid].index < index)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const struct disk_page *disk_lookup(const struct inode *inode,
					   uint64_t index)
{
	uint32_t at = disk_find(inode, index);

	if (at < inode->nr_disk && inode->disk[at].index == index)
		return &inode->disk[at];
	return NULL;
}

static struct disk_page *disk_get(struct machine *m, struct inode *inode,
				  uint64_t index)
{
	uint32_t at = disk_find(inode, index), max;

	if (at < inode->nr_disk && inode->disk[at].index == index)
		return &inode->disk[at];
	if (inode->nr_disk == inode->max_disk) {
		max = inode->max_disk ? 2 * inode->max_disk : 16;
		inode->disk =
			host_realloc(&m->host, inode->disk,
				     inode->max_disk * sizeof(*inode->disk),
				     max * sizeof(*inode->disk));
		inode->max_disk = max;
	}
	memmove(&inode->disk[at + 1], &inode->disk[at],
		(inode->nr_disk - at) * sizeof(*inode->disk));
	inode->nr_disk++;
	inode->disk[at] = (struct disk_page){.index = index};
	return &inode->disk[at];
}

static void formula_fill(uint64_t offset, uint8_t *to, size_t len)
{
	for (size_t i = 0; i < len; i++, offset++)
		to[i] = (uint8_t)(offset + offset / FORMULA_PAGE);
}

void disk_read_page(const struct machine *m, const struct inode *inode,
		    uint64_t index, uint8_t *to)
{
	const struct disk_page *dp = disk_lookup(inode, index);
	uint64_t start = index << m->page_shift, len = m->page_size;

	if (start + len > inode->i_size) /* => a page of the file */
		len = inode->i_size > start ? inode->i_size - start : 0;
	if (dp && dp->bytes)
		memcpy(to, dp->bytes, len);
	else if (dp || inode->shmem_anon)
		memset(to, 0, len);
	else
		formula_fill(start, to, len);
	memset(to + len, 0, m->page_size - len);
}

void disk_write_page(struct machine *m, struct inode *inode, uint64_t index,
		     const uint8_t *from)
{
	struct disk_page *dp = disk_get(m, inode, index);

	if (!dp->bytes)
		dp->bytes = host_alloc(&m->host, m->page_size);
	memcpy(dp->bytes, from, m->page_size);
}

void disk_punch_page(struct machine *m, struct inode *inode, uint64_t index)
{
	struct disk_page *dp = disk_get(m, inode, index);

	if (dp->bytes)
		host_free(&m->host, dp->bytes, m->page_size);
	dp->bytes = NULL;
}

void disk_release(struct machine *m, struct inode *inode)
{
	for (uint32_t i = 0; i < inode->nr_disk; i++)
		if (inode->disk[i].bytes)
			host_free(&m->host, inode->disk[i].bytes, m->page_size);
	if (inode->disk)
		host_free(&m->host, inode->disk,
			  inode->max_disk * sizeof(*inode->disk));
	inode->disk = NULL;
	inode->nr_disk = inode->max_disk = 0;
}

uint8_t file_disk_byte(const struct machine *m, const struct inode *inode,
		       uint64_t offset)
{
	const struct disk_page *dp =
		disk_lookup(inode, offset >> m->page_shift);

	if (offset >= inode->i_size)
		return 0;
	if (dp && dp->bytes)
		return dp->bytes[offset & (m->page_size - 1)];
	if (dp || inode->shmem_anon)
		return 0;
	return (uint8_t)(offset + offset / FORMULA_PAGE);
}
