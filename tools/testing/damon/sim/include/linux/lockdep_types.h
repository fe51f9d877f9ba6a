/* SPDX-License-Identifier: GPL-2.0 */
/* Of no size, as in a kernel without lockdep. */
struct lock_class_key { };
struct lockdep_map { };
