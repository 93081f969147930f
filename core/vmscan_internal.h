/* vmscan_internal.h - between vmscan.c and shrink_page.c. */
#ifndef MMEMU_CORE_VMSCAN_INTERNAL_H
#define MMEMU_CORE_VMSCAN_INTERNAL_H

#include "core/vmscan.h"

/* GO_ON is shrink_page()'s own: not decided yet. */
enum verdict { KEEP, ACTIVATE, CULL, FREE, GO_ON };

/* => isolated, with the reference of that. FREE: its count is 0. */
enum verdict shrink_page(struct machine *m, struct zone *z, struct page *page,
			 struct scan_control *sc);

#endif
