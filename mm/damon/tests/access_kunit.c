// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of access.c, which is where this file is included: visits to memory of hugetlb
 * while others hold its locks.
 */
#include <linux/file.h>
#include <linux/mman.h>

#include "helper.h"

#ifdef CONFIG_HUGETLBFS

KUNIT_DEFINE_ACTION_WRAPPER(fput_action, fput, struct file *);

/* A shared mapping that has no page yet, so that none is needed. */
static struct vm_area_struct *map_hugetlb(struct kunit *test)
{
	struct file *file;
	unsigned long addr;

	if (!hugepages_supported())
		kunit_skip(test, "no hugetlb");
	file = hugetlb_file_setup("damon_test", huge_page_size(&default_hstate), VM_NORESERVE,
				  HUGETLB_ANONHUGE_INODE, 0);
	if (IS_ERR(file))
		kunit_skip(test, "no file: %ld", PTR_ERR(file));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, fput_action, file));
	addr = kunit_vm_mmap(test, file, 0, huge_page_size(&default_hstate),
			     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, 0);
	KUNIT_ASSERT_NE_MSG(test, addr, 0, "no address space");
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(addr));
	return vma_lookup(current->mm, addr);
}

static void lock_of_a_file_is_not_waited_for(struct kunit *test)
{
	struct damon_walk w = { .vma = map_hugetlb(test) };
	struct address_space *mapping = w.vma->vm_file->f_mapping;

	mmap_read_lock(current->mm);
	i_mmap_lock_write(mapping);
	KUNIT_EXPECT_FALSE(test, damon_page_mkold(&w, w.vma->vm_start));
	KUNIT_EXPECT_EQ(test, w.aside, DAMON_UNKNOWN);
	w.aside = DAMON_NOTHING;
	KUNIT_EXPECT_FALSE(test, damon_page_young(&w, w.vma->vm_start, true));
	KUNIT_EXPECT_EQ(test, w.aside, DAMON_UNKNOWN);
	w.aside = DAMON_NOTHING;
	i_mmap_unlock_write(mapping);

	KUNIT_EXPECT_FALSE(test, damon_page_mkold(&w, w.vma->vm_start));
	KUNIT_EXPECT_EQ(test, w.aside, DAMON_NOTHING);
	KUNIT_EXPECT_TRUE(test, i_mmap_trylock_write(mapping));
	i_mmap_unlock_write(mapping);
	mmap_read_unlock(current->mm);
}

/*
 * A fault holds the mutex as long as it clears or copies a page.  The bit of the entry
 * stays as it is meanwhile, but may be looked at.
 */
static void page_fault_is_not_waited_for(struct kunit *test)
{
	struct damon_walk w = { .vma = map_hugetlb(test) };
	struct mutex *mutex = fault_mutex(w.vma, w.vma->vm_start);

	mmap_read_lock(current->mm);
	mutex_lock(mutex);
	KUNIT_EXPECT_FALSE(test, damon_page_mkold(&w, w.vma->vm_start));
	KUNIT_EXPECT_EQ(test, w.aside, DAMON_UNKNOWN);
	w.aside = DAMON_NOTHING;
	KUNIT_EXPECT_FALSE(test, damon_page_young(&w, w.vma->vm_start, true));
	KUNIT_EXPECT_EQ(test, w.aside, DAMON_NOTHING);
	mutex_unlock(mutex);

	KUNIT_EXPECT_FALSE(test, damon_page_mkold(&w, w.vma->vm_start));
	KUNIT_EXPECT_EQ(test, w.aside, DAMON_NOTHING);
	mmap_read_unlock(current->mm);
}

#else

static void lock_of_a_file_is_not_waited_for(struct kunit *test)
{
	kunit_skip(test, "no hugetlb");
}

static void page_fault_is_not_waited_for(struct kunit *test)
{
	kunit_skip(test, "no hugetlb");
}

#endif

static struct kunit_case damon_access_cases[] = {
	KUNIT_CASE(lock_of_a_file_is_not_waited_for),
	KUNIT_CASE(page_fault_is_not_waited_for),
	{}
};

static struct kunit_suite damon_access_suite = {
	.name = "damon_access",
	.test_cases = damon_access_cases,
};

kunit_test_suite(damon_access_suite);
