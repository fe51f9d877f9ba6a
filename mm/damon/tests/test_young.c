// SPDX-License-Identifier: GPL-2.0
/*
 * A device that uses the memory of a process by page tables of its own, as a
 * hypervisor does, and tells by MMU notifiers what it has accessed.  For the test
 * that a monitor asks it.
 *
 * Who opens /dev/damon_test_young lends its memory.  Each write of "START END", two
 * decimal addresses, is an access of the device to this memory: the Accessed bits of
 * the processor stay as they are.
 */
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>

/* The page tables of the device, of which there is one entry, and its Accessed bit. */
struct secondary {
	struct mmu_notifier notifier;
	/* Protects the rest.  The notifiers hold a page table lock outside of it. */
	spinlock_t lock;
	unsigned long start, end;
	bool young;
};

/* Is the bit set for any of [@start, @end)?  Then clear it, if @clear says so. */
static bool is_young(struct mmu_notifier *notifier, unsigned long start, unsigned long end,
		     bool clear)
{
	struct secondary *s = container_of(notifier, struct secondary, notifier);

	guard(spinlock)(&s->lock);
	if (!s->young || end <= s->start || start >= s->end)
		return false;
	if (clear)
		s->young = false;
	return true;
}

static int clear_young(struct mmu_notifier *notifier, struct mm_struct *mm,
		       unsigned long start, unsigned long end)
{
	return is_young(notifier, start, end, /*clear=*/true);
}

static int test_young(struct mmu_notifier *notifier, struct mm_struct *mm, unsigned long addr)
{
	return is_young(notifier, addr, addr + 1, /*clear=*/false);
}

static const struct mmu_notifier_ops notifier_ops = {
	.clear_flush_young = clear_young,
	.clear_young = clear_young,
	.test_young = test_young,
};

static int young_open(struct inode *inode, struct file *file)
{
	struct secondary *s = kzalloc(sizeof(*s), GFP_KERNEL);
	int err;

	if (!s)
		return -ENOMEM;
	spin_lock_init(&s->lock);
	s->notifier.ops = &notifier_ops;
	err = mmu_notifier_register(&s->notifier, current->mm);
	if (err) {
		kfree(s);
		return err;
	}
	file->private_data = s;
	return nonseekable_open(inode, file);
}

static int young_release(struct inode *inode, struct file *file)
{
	struct secondary *s = file->private_data;

	mmu_notifier_unregister(&s->notifier, s->notifier.mm);
	kfree(s);
	return 0;
}

static ssize_t young_write(struct file *file, const char __user *ubuf, size_t count,
			   loff_t *ppos)
{
	struct secondary *s = file->private_data;
	unsigned long start, end;
	char text[64] = "";

	if (count >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, ubuf, count))
		return -EFAULT;
	if (sscanf(text, "%lu %lu", &start, &end) != 2 || start >= end)
		return -EINVAL;
	guard(spinlock)(&s->lock);
	s->start = start;
	s->end = end;
	s->young = true;
	return count;
}

static const struct file_operations young_fops = {
	.owner = THIS_MODULE,
	.open = young_open,
	.release = young_release,
	.write = young_write,
};

static struct miscdevice young_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "damon_test_young",
	.fops = &young_fops,
	.mode = 0600,
};
module_misc_device(young_device);

MODULE_DESCRIPTION("A device with Accessed bits of its own, for tests of DAMON");
MODULE_LICENSE("GPL");
