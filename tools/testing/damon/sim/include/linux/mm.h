/* SPDX-License-Identifier: GPL-2.0 */
/* What region.c uses of the kernel's mm.h, slab.h, minmax.h and math64.h. */
#ifndef _SIM_LINUX_MM_H
#define _SIM_LINUX_MM_H

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <linux/align.h>
#include <linux/kernel.h>
#include <linux/types.h>

#undef PAGE_SHIFT
#undef PAGE_SIZE
#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_ALIGN_DOWN(x) ALIGN_DOWN(x, PAGE_SIZE)
#define PAGE_ALIGNED(x) IS_ALIGNED(x, PAGE_SIZE)

#define __init
#define __ro_after_init

/* Of any two integer types, as the kernel's. */
#undef min
#undef max
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define clamp_t(type, v, lo, hi) min(max((type)(v), (type)(lo)), (type)(hi))
#define abs_diff(a, b) ((a) > (b) ? (a) - (b) : (b) - (a))
#define swap(a, b) do { typeof(a) _t = (a); (a) = (b); (b) = _t; } while (0)

static inline size_t size_add(size_t a, size_t b)
{
	size_t sum;

	return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

static inline u64 div_u64(u64 a, u32 b)
{
	return a / b;
}

static inline u64 div64_u64(u64 a, u64 b)
{
	return a / b;
}

static inline u64 mul_u64_u64_shr(u64 a, u64 b, unsigned int shift)
{
	return (unsigned __int128)a * b >> shift;
}

static inline u64 mul_u64_u64_div_u64(u64 a, u64 b, u64 c)
{
	return (unsigned __int128)a * b / c;
}

struct kmem_cache {
	size_t size;
};

#define SLAB_PANIC 0
#define KMEM_CACHE(type, flags) ({				\
	static struct kmem_cache _cache = { sizeof(struct type) };	\
	&_cache;						\
})

static inline void *kmem_cache_zalloc(struct kmem_cache *cache, int flags)
{
	return calloc(1, cache->size);
}

static inline void kmem_cache_free(struct kmem_cache *cache, void *obj)
{
	free(obj);
}

#define GFP_KERNEL 0
#define kzalloc(size, flags) calloc(1, size)
#define kfree(p) free(p)
#define kvmalloc_array(nr, size, flags) calloc(nr, size)
#define kvfree(p) free(p)

#endif
