/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Accesses to one page, for the primitives of address spaces that are mapped.
 */
#ifndef _MM_DAMON_ACCESS_H
#define _MM_DAMON_ACCESS_H

#include <linux/mm_types.h>
#include <linux/pgtable.h>

/**
 * struct damon_walk - Where the addresses of one mapping are, as far as known.
 * @vma:	A mapping, locked against changes as long as this is in use.
 * @start:	First address of @vma that @pmds knows.
 * @size:	Bytes of @vma from there on that it knows, or 0.
 * @pmds:	The table of PMDs for these addresses, from its first entry.
 * @told:	The last damon_page_mkold() has cleared the bit of a huge entry
 *		under which others may wait for an access that was before.
 * @told_start:	First address that this entry maps.
 * @told_end:	First address behind.
 * @told_young:	The bit was set; else only the folio's idle flag was gone, which
 *		tells of an access those who had set it.
 *
 * With all but @vma zero, nothing is known yet.
 */
struct damon_walk {
	struct vm_area_struct *vma;
	unsigned long start;
	unsigned long size;
	pmd_t *pmds;
	bool told;
	bool told_young;
	unsigned long told_start;
	unsigned long told_end;
};

/**
 * damon_page_mkold() - Arrange that the next access to a page can be seen.
 * @w:		The walk.
 * @addr:	An address of its mapping.
 *
 * Context: May sleep.
 * Return: Whether damon_page_young() may ask the folio as well.
 */
bool damon_page_mkold(struct damon_walk *w, unsigned long addr);

/**
 * damon_page_young() - Was a page accessed since damon_page_mkold()?
 * @w:		The walk.
 * @addr:	An address of its mapping.
 * @marked:	What damon_page_mkold() said of this address.
 *
 * Context: May sleep.
 * Return: true when it was; false when it was not, or nobody knows.
 */
bool damon_page_young(struct damon_walk *w, unsigned long addr, bool marked);

#endif /* _MM_DAMON_ACCESS_H */
