// SPDX-License-Identifier: GPL-2.0
/*
 * Locks the memory of a process for long, as a file system does that asks a server
 * from its mmap handler, and a writer does that waits for another lock.  For the test
 * that a monitor of this process waits for nobody, and nobody for the monitor.
 *
 *	insmod damon_test_lock.ko pid=4711 seconds=20 mappings=1
 *
 * comes back as soon as mmap_lock is held for writing, and with it, if so wished, the
 * lock of each mapping.  After the time, or when the module is removed, it is released:
 * a test that is killed leaves nothing locked.
 */
#include <linux/completion.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/wait.h>

#define MAX_SECONDS	20

static int pid;
module_param(pid, int, 0444);
MODULE_PARM_DESC(pid, "Lock the memory of the process of this number");

static unsigned int seconds = MAX_SECONDS;
module_param(seconds, uint, 0444);
MODULE_PARM_DESC(seconds, "For so long, from 1 to 20");

static bool mappings;
module_param(mappings, bool, 0444);
MODULE_PARM_DESC(mappings, "Lock each mapping as well");

static struct task_struct *holder;
static struct mm_struct *mm;
static DECLARE_COMPLETION(held);
static DECLARE_WAIT_QUEUE_HEAD(time_is_up);

/* By a thread, since who takes the lock has to release it. */
static int hold(void *unused)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;

	mmap_write_lock(mm);
	if (mappings)
		for_each_vma(vmi, vma)
			vma_start_write(vma);
	complete(&held);
	wait_event_idle_timeout(time_is_up, kthread_should_stop(), seconds * HZ);
	mmap_write_unlock(mm);
	mmput(mm);
	return 0;
}

static struct mm_struct *find_mm(void)
{
	struct pid *p = find_get_pid(pid);
	struct task_struct *task = get_pid_task(p, PIDTYPE_PID);
	struct mm_struct *found = NULL;

	put_pid(p);
	if (task) {
		found = get_task_mm(task);
		put_task_struct(task);
	}
	return found;
}

static int __init test_lock_init(void)
{
	if (!seconds || seconds > MAX_SECONDS)
		return -EINVAL;
	mm = find_mm();
	if (!mm)
		return -ESRCH;
	holder = kthread_create(hold, NULL, "damon_test_lock");
	if (IS_ERR(holder)) {
		mmput(mm);
		return PTR_ERR(holder);
	}
	/* It may have ended when the module is removed. */
	get_task_struct(holder);
	wake_up_process(holder);
	wait_for_completion(&held);
	return 0;
}
module_init(test_lock_init);

static void __exit test_lock_exit(void)
{
	kthread_stop_put(holder);
}
module_exit(test_lock_exit);

MODULE_DESCRIPTION("Locks the memory of a process, for tests of DAMON");
MODULE_LICENSE("GPL");
