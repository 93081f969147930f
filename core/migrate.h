/*
 * migrate.h - moving a page to another frame, under its users' feet.
 *
 * Callers isolate pages from their LRU lists onto a list of their own
 * (isolate_lru_page() and page_list_add(), NR_ISOLATED_* raised by
 * acct_isolated()), hand it to migrate_pages(), and put back what is left.
 * Linux: mm/migrate.c, include/linux/migrate.h, include/linux/swapops.h.
 */
#ifndef MMEMU_CORE_MIGRATE_H
#define MMEMU_CORE_MIGRATE_H

#include "core/machine.h"

/* A frame with one reference to move page to; NULL ends the migration. */
typedef struct page *(*new_page_fn)(struct machine *m, struct page *page,
				    void *ctx);

/*
 * Move the pages of `from`. Those that moved, or will never, have left the
 * list and are back on their LRU lists; those that were busy stay on it.
 * Number of pages that did not move, or -ENOMEM when get_new_page had no more.
 */
int migrate_pages(struct machine *m, struct page_list *from,
		  new_page_fn get_new_page, void *ctx);
/* Isolated pages back to their LRU lists; the list is empty afterwards. */
void putback_movable_pages(struct machine *m, struct page_list *l);
/* +1 or -1 for an isolated page. Linux: acct_isolated() and its undoing. */
void acct_isolated(struct machine *m, const struct page *page, int delta);
/* The old frame's bytes, buffers and flags; of a file page dirtiness too. */
void migrate_page_copy(struct machine *m, struct page *newpage,
		       struct page *page);

/* ---- migration entries: what stands in a page table meanwhile ---- */

/* The two highest swap types are no swap areas. */
static inline unsigned swp_migration_read(const struct pg_format *f)
{
	return (1u << f->swp_type.bits) - 2;
}
static inline unsigned swp_migration_write(const struct pg_format *f)
{
	return (1u << f->swp_type.bits) - 1;
}
/* Names the frame instead of a slot, and whether the entry was writable. */
static inline swp_entry_t make_migration_entry(const struct pg_format *f,
					       pfn_t pfn, bool write)
{
	return swp_entry(write ? swp_migration_write(f)
			       : swp_migration_read(f),
			 pfn);
}
static inline bool is_migration_entry(const struct pg_format *f,
				      swp_entry_t entry)
{
	return swp_type(entry) >= swp_migration_read(f);
}
static inline bool is_write_migration_entry(const struct pg_format *f,
					    swp_entry_t entry)
{
	return swp_type(entry) == swp_migration_write(f);
}

#endif
