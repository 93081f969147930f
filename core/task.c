/*
 * task.c - the table of processes, what tasks share, and its checks.
 *
 *	m->tasks      A <-> B <-> C           in order of creation, zombies too
 *	pid_table     [1] . [100] A [101] B   by number; most of it never touched
 *	A->children   B <-> C                 by B->sibling, oldest first
 *
 * Linux: kernel/pid.c, kernel/cred.c and the tables in kernel/fork.c.
 *
 * Invariants (task_check tests them under the same numbers)
 *  1. m->tasks and pid_table hold the same tasks.
 *  2. A task is on its parent's list of children; a parent is a task.
 *  3. A running task has an mm, files, fs; a zombie has none of them.
 *  4. mm_users is the number of tasks that have the mm, and each mm of a task
 *     is on m->mm_list. mm_count is 1 between events.
 *  5. Every mm on m->mm_list has a task.
 *  6. A shared object's count is at least the number of tasks that hold it;
 *     files, fs and sighand have no other holders.
 *  7. A structure has a slab object exactly if its cache exists.
 *  8. The frames of a kernel stack are taken (count 1, PageKernel);
 *     NR_KERNEL_STACK counts the stacks.
 */
#include "core/task.h"
#include "core/filemap.h"
#include "core/page_alloc.h"
#include "core/slab.h"
#include "core/subsystems.h"

#include <string.h>

#define PID_TABLE_BYTES ((PID_MAX_LIMIT + 1) * sizeof(struct task_struct *))
#define PID_ENDED_BYTES ((PID_MAX_LIMIT + 1) * sizeof(uint64_t))

struct task_struct *find_task_by_pid(const struct machine *m, uint32_t pid)
{
	if (!pid || pid > PID_MAX_LIMIT)
		return NULL;
	return m->pid_table[pid];
}

uint64_t pid_ended_in(const struct machine *m, uint32_t pid)
{
	return pid && pid <= PID_MAX_LIMIT ? m->pid_ended[pid] : 0;
}

void set_task_comm(struct task_struct *task, const char *name)
{
	size_t len = strlen(name);

	if (len >= TASK_COMM_LEN)
		len = TASK_COMM_LEN - 1;
	memset(task->comm, 0, sizeof(task->comm));
	memcpy(task->comm, name, len);
}

unsigned thread_order(const struct machine *m)
{
	uint64_t pages = DIV_ROUND_UP(m->cfg.thread_size, PAGE_SIZE(m));

	return pages ? order_of(pages) : 0;
}

struct shared_object *shared_object_alloc(struct machine *m,
					  struct kmem_cache *cachep)
{
	struct shared_object *obj;
	uint32_t id;
	kva_t kobj;

	if (kobj_alloc(m, cachep, GFP_KERNEL, &kobj))
		return NULL;
	obj = hpool_alloc(&m->shared_pool, &id);
	obj->host_id = id;
	obj->kobj = kobj;
	obj->count = 1;
	return obj;
}

void shared_object_put(struct machine *m, struct kmem_cache *cachep,
		       struct shared_object *obj)
{
	mm_assert(obj->count > 0);
	if (--obj->count)
		return;
	kobj_free(m, cachep, obj->kobj);
	hpool_free(&m->shared_pool, obj->host_id);
}

void put_cred(struct machine *m, struct shared_object *cred)
{
	shared_object_put(m, m->caches.cred_jar, cred);
}

int task_subsys_init(struct machine *m, const char **why __unused_arg)
{
	hpool_init(&m->task_pool, &m->host, sizeof(struct task_struct));
	hpool_init(&m->shared_pool, &m->host, sizeof(struct shared_object));
	INIT_LIST_HEAD(&m->tasks);
	m->pid_table = host_reserve(&m->host, PID_TABLE_BYTES);
	m->pid_ended = host_reserve(&m->host, PID_ENDED_BYTES);
	return 0;
}

void task_subsys_destroy(struct machine *m)
{
	host_release(&m->host, m->pid_table, PID_TABLE_BYTES);
	m->pid_table = NULL;
	host_release(&m->host, m->pid_ended, PID_ENDED_BYTES);
	m->pid_ended = NULL;
	if (m->task_pool.ops)
		hpool_destroy(&m->task_pool);
	if (m->shared_pool.ops)
		hpool_destroy(&m->shared_pool);
}

/* ---- checks ---- */

static void check_charged(const struct task_struct *t, struct checker *c,
			  const char *what, const struct kmem_cache *cachep,
			  kva_t kobj)
{
	CHECK(c, (cachep != NULL) == (kobj != 0),
	      "task 7: %s of process %u: object %#llx, cache %s", what, t->pid,
	      (unsigned long long)kobj, cachep ? "exists" : "missing");
}

static void check_objects(const struct task_struct *t, struct checker *c)
{
	const struct known_caches *k = &t->m->caches;
	const struct task_objects *o = &t->obj;

	check_charged(t, c, "task_struct", k->task_struct, o->task_struct);
	check_charged(t, c, "signal", k->signal_cache, o->signal);
	check_charged(t, c, "pid", k->pid, o->pid);
	check_charged(t, c, "cred", k->cred_jar, o->cred->kobj);
	check_charged(t, c, "sighand", k->sighand_cache, o->sighand->kobj);
	if (t->mm)
		check_charged(t, c, "mm_struct", k->mm_struct, t->mm->kobj);
}

static void check_stack(const struct task_struct *t, struct checker *c)
{
	const struct page *stack = t->obj.stack;
	unsigned nr = 1u << thread_order(t->m);

	CHECK(c, stack && page_count(stack) == 1,
	      "task 8: stack of process %u is not held", t->pid);
	for (unsigned i = 0; stack && i < nr; i++)
		CHECK(c, PageKernel(stack + i),
		      "task 8: frame %u of process %u's stack has another use",
		      i, t->pid);
}

static void check_relations(const struct task_struct *t, struct checker *c)
{
	const struct task_struct *child;
	bool mine = !t->parent;

	CHECK(c, t->m->pid_table[t->pid] == t,
	      "task 1: process %u is not in the table of numbers", t->pid);
	if (t->parent)
		list_for_each_entry(child, &t->parent->children, sibling)
			mine |= child == t;
	CHECK(c, mine, "task 2: process %u is no child of its parent", t->pid);
	CHECK(c,
	      (t->state == TASK_RUNNING) ==
		      (t->mm && t->obj.files && t->obj.fs),
	      "task 3: process %u has what its state does not allow", t->pid);
	CHECK(c, t->state == TASK_RUNNING || !t->mm,
	      "task 3: zombie %u has an mm", t->pid);
}

/* Tasks of m that hold a shared object, or an mm. */
static int nr_holders(const struct machine *m, const void *what)
{
	const struct task_struct *t;
	int n = 0;

	for_each_task(t, m) {
		const struct task_objects *o = &t->obj;

		n += t->mm == what || o->cred == what || o->files == what ||
		     o->fs == what || o->sighand == what;
	}
	return n;
}

static void check_shared(const struct task_struct *t, struct checker *c)
{
	const struct task_objects *o = &t->obj;
	const struct shared_object *own[] = {o->files, o->fs, o->sighand};

	CHECK(c, o->cred->count >= nr_holders(t->m, o->cred),
	      "task 6: cred of process %u counts %d", t->pid, o->cred->count);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		CHECK(c, !own[i] || own[i]->count == nr_holders(t->m, own[i]),
		      "task 6: shared object %zu of process %u counts %d", i,
		      t->pid, own[i]->count);
}

static void check_mms(const struct machine *m, struct checker *c)
{
	const struct task_struct *t;
	const struct mm_struct *mm;
	unsigned listed = 0, used = 0;

	list_for_each_entry(mm, &m->mm_list, mmlist) {
		int holders = nr_holders(m, mm);

		listed++;
		CHECK(c, holders > 0, "task 5: an mm without a process");
		CHECK(c, mm->mm_users == holders,
		      "task 4: mm_users %d, processes %d", mm->mm_users,
		      holders);
		CHECK(c, mm->mm_count == 1, "task 4: mm_count %d",
		      mm->mm_count);
	}
	for_each_task(t, m)
		used += t->mm && t->mm->m == m;
	CHECK(c, listed <= used, "task 5: %u mms, %u processes with one",
	      listed, used);
}

void task_check(const struct machine *m, struct checker *c)
{
	const struct task_struct *t;
	uint32_t nr = 0;

	for_each_task(t, m) {
		nr++;
		check_relations(t, c);
		check_objects(t, c);
		check_shared(t, c);
		check_stack(t, c);
	}
	CHECK(c, nr == m->task_pool.nr_used,
	      "task 1: %u processes listed, %u exist", nr,
	      m->task_pool.nr_used);
	CHECK(c, owned_page_state(m, NR_KERNEL_STACK) == nr,
	      "task 8: %lld kernel stacks for %u processes",
	      (long long)owned_page_state(m, NR_KERNEL_STACK), nr);
	check_mms(m, c);
}
