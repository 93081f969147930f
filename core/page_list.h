/*
 * page_list.h - lists of frames, linked by frame number.
 *
 *	first ─► 12 ◄─► 7 ◄─► 40 ◄─ last	lru_next/lru_prev hold pfns,
 *						0 ends the list both ways
 *
 * Linux links struct page by pointers (page->lru); numbers are half as wide
 * and stay good when mem_map is mapped elsewhere. List operations cannot fail.
 * core/machine.h includes this file behind struct machine.
 */
#ifndef MMEMU_CORE_PAGE_LIST_H
#define MMEMU_CORE_PAGE_LIST_H

static inline struct page *page_list_first(const struct machine *m,
					   const struct page_list *l)
{
	return l->first ? pfn_to_page(m, l->first) : NULL;
}

static inline struct page *page_list_last(const struct machine *m,
					  const struct page_list *l)
{
	return l->last ? pfn_to_page(m, l->last) : NULL;
}

static inline void page_list_add(struct machine *m, struct page_list *l,
				 struct page *p)
{
	pfn_t pfn = page_to_pfn(m, p);

	p->lru_prev = PFN_NONE;
	p->lru_next = l->first;
	if (l->first)
		pfn_to_page(m, l->first)->lru_prev = pfn;
	else
		l->last = pfn;
	l->first = pfn;
	l->nr++;
}

static inline void page_list_add_tail(struct machine *m, struct page_list *l,
				      struct page *p)
{
	pfn_t pfn = page_to_pfn(m, p);

	p->lru_next = PFN_NONE;
	p->lru_prev = l->last;
	if (l->last)
		pfn_to_page(m, l->last)->lru_next = pfn;
	else
		l->first = pfn;
	l->last = pfn;
	l->nr++;
}

static inline void page_list_del(struct machine *m, struct page_list *l,
				 struct page *p)
{
	if (p->lru_prev)
		pfn_to_page(m, p->lru_prev)->lru_next = p->lru_next;
	else
		l->first = p->lru_next;
	if (p->lru_next)
		pfn_to_page(m, p->lru_next)->lru_prev = p->lru_prev;
	else
		l->last = p->lru_prev;
	p->lru_next = p->lru_prev = PFN_NONE;
	l->nr--;
}

#endif
