/* vmstat.c - the spellings of the counters. */
#include "core/vmstat.h"

const char *const zone_stat_text[NR_VM_ZONE_STAT_ITEMS] = {
#define ZONE_STAT(name, text) [name] = text,
#define VM_EVENT(name, text)
#include "core/vmstat.def"
#undef ZONE_STAT
#undef VM_EVENT
};

const char *const vm_event_text[NR_VM_EVENT_ITEMS] = {
#define ZONE_STAT(name, text)
#define VM_EVENT(name, text) [name] = text,
#include "core/vmstat.def"
#undef ZONE_STAT
#undef VM_EVENT
};
