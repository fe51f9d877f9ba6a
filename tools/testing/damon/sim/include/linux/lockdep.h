/* SPDX-License-Identifier: GPL-2.0 */
#define lockdep_assert(cond) do { (void)(cond); } while (0)
