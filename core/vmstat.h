/*
 * vmstat.h - the counters of the machine, spelled as in /proc/vmstat.
 *
 * Zone counters (how many frames are in which state) live in each zone, events
 * in the machine. Linux: include/linux/mmzone.h, include/linux/vm_event_item.h.
 */
#ifndef MMEMU_CORE_VMSTAT_H
#define MMEMU_CORE_VMSTAT_H

enum zone_stat_item {
#define ZONE_STAT(name, text) name,
#define VM_EVENT(name, text)
#include "core/vmstat.def"
#undef ZONE_STAT
#undef VM_EVENT
	NR_VM_ZONE_STAT_ITEMS
};

enum vm_event_item {
#define ZONE_STAT(name, text)
#define VM_EVENT(name, text) name,
#include "core/vmstat.def"
#undef ZONE_STAT
#undef VM_EVENT
	NR_VM_EVENT_ITEMS
};

/* The /proc spelling of a counter. */
extern const char *const zone_stat_text[NR_VM_ZONE_STAT_ITEMS];
extern const char *const vm_event_text[NR_VM_EVENT_ITEMS];

#endif
