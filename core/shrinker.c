/*
 * shrinker.c - slabs under pressure: dentries and inodes that nobody uses.
 *
 *   asked of a shrinker = 4 * scanned / seeks * objects / (lru pages + 1)
 *                         + what earlier calls left over
 *
 * A superblock is asked in batches of 1024 objects, and what is less than a
 * batch is left for the next time; twice its number is the most. So few objects
 * are not shrunk for long, even by drop_caches 2, which surprises many.
 *
 * Linux: mm/vmscan.c shrink_slab(), fs/super.c, fs/dcache.c, fs/inode.c.
 */
#include "core/filemap.h"
#include "core/page_alloc.h"
#include "core/vmscan.h"

#define SHRINK_BATCH 1024u /* of a superblock's shrinker */
#define DEFAULT_SEEKS 2u

/* tmpfs pins its dentries: they are the only way to the file. */
static bool dentry_unused(const struct inode *inode)
{
	return inode->fs == FS_EXT2 && inode->i_count == 1 &&
	       inode->dentry_kobj;
}

static bool inode_unused(const struct inode *inode)
{
	return inode->fs == FS_EXT2 && inode->i_count == 1 &&
	       !inode->dentry_kobj && inode->inode_kobj;
}

static uint64_t count_unused(const struct machine *m)
{
	const struct inode *inode;
	uint64_t nr = 0;

	list_for_each_entry(inode, &m->inodes, list)
		nr += dentry_unused(inode) || inode_unused(inode);
	return nr;
}

/* The inode goes, and with it what is clean of its pages. */
static void prune_icache_one(struct machine *m, struct inode *inode)
{
	count_vm_events(
		m, m->kswapd.running ? KSWAPD_INODESTEAL : PGINODESTEAL,
		invalidate_mapping_pages(m, &inode->i_data, 0, UINT64_MAX));
	if (inode->i_data.nrpages)
		return;
	kobj_free(m, m->caches.ext2_inode, inode->inode_kobj);
	inode->inode_kobj = 0;
	if (inode->rsv_kobj)
		kfree(m, inode->rsv_kobj);
	inode->rsv_kobj = 0;
}

/* Oldest first; dentries before inodes, each by its share. Number freed. */
static uint64_t super_cache_scan(struct machine *m, uint64_t nr)
{
	uint64_t freed = 0;
	struct inode *inode;

	list_for_each_entry(inode, &m->inodes, list) {
		if (freed == nr)
			break;
		if (dentry_unused(inode)) {
			kobj_free(m, m->caches.dentry, inode->dentry_kobj);
			inode->dentry_kobj = 0;
			freed++;
		}
		if (freed < nr && inode_unused(inode)) {
			prune_icache_one(m, inode);
			freed += !inode->inode_kobj;
		}
	}
	return freed;
}

/* Without __GFP_FS the superblock's shrinker does nothing. */
uint64_t shrink_slab(struct machine *m, gfp_t gfp, uint64_t nr_scanned,
		     uint64_t lru_pages)
{
	uint64_t objects = count_unused(m), total, delta, freed = 0;
	story(m, nr_scanned);

	if (!objects)
		return 0;
	if (!nr_scanned)
		nr_scanned = SWAP_CLUSTER_MAX;
	delta = 4 * nr_scanned / DEFAULT_SEEKS * objects / (lru_pages + 1);
	total = m->slab_scan_deferred + delta;
	if (delta < objects / 4)
		total = min_t(uint64_t, total, objects / 2);
	total = min_t(uint64_t, total, 2 * objects);
	m->slab_scan_deferred = 0;
	for (; total >= SHRINK_BATCH && (gfp & __GFP_FS);
	     total -= SHRINK_BATCH) {
		freed += super_cache_scan(m, SHRINK_BATCH);
		count_vm_events(m, SLABS_SCANNED, SHRINK_BATCH);
	}
	m->slab_scan_deferred = total;
	return freed;
}
