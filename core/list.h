/*
 * list.h - circular doubly linked list, the link inside the element.
 *
 *	head <-> a <-> b <-> c <-> head
 *
 * An empty list is a head that points to itself. list_add() puts an element
 * right after the head (newest first), list_add_tail() right before it.
 */
#ifndef MMEMU_CORE_LIST_H
#define MMEMU_CORE_LIST_H

#include "core/types.h"

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head->prev = head;
}

static inline void __list_insert(struct list_head *item, struct list_head *prev,
				 struct list_head *next)
{
	item->prev = prev;
	item->next = next;
	prev->next = item;
	next->prev = item;
}

static inline void list_add(struct list_head *item, struct list_head *head)
{
	__list_insert(item, head, head->next);
}

static inline void list_add_tail(struct list_head *item, struct list_head *head)
{
	__list_insert(item, head->prev, head);
}

static inline void list_del(struct list_head *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	item->next = item->prev = NULL;
}

static inline void list_del_init(struct list_head *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	INIT_LIST_HEAD(item);
}

static inline void list_move(struct list_head *item, struct list_head *head)
{
	list_del(item);
	list_add(item, head);
}

static inline void list_move_tail(struct list_head *item,
				  struct list_head *head)
{
	list_del(item);
	list_add_tail(item, head);
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

/* Exactly one element. */
static inline bool list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first_entry(head, type, member) \
	list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) \
	list_entry((head)->prev, type, member)

#define list_for_each_entry(pos, head, member)                           \
	for (pos = list_entry((head)->next, __typeof__(*pos), member);   \
	     &pos->member != (head);                                     \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))

#define list_for_each_entry_reverse(pos, head, member)                   \
	for (pos = list_entry((head)->prev, __typeof__(*pos), member);   \
	     &pos->member != (head);                                     \
	     pos = list_entry(pos->member.prev, __typeof__(*pos), member))

/* The current element may be removed inside the loop. */
#define list_for_each_entry_safe(pos, n, head, member)                   \
	for (pos = list_entry((head)->next, __typeof__(*pos), member),   \
	    n = list_entry(pos->member.next, __typeof__(*pos), member);  \
	     &pos->member != (head);                                     \
	     pos = n, n = list_entry(n->member.next, __typeof__(*n), member))

#endif
