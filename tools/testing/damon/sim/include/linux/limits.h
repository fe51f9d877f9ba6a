/* SPDX-License-Identifier: GPL-2.0 */
#include <limits.h>
#include <stdint.h>

#define U8_MAX ((u8)~0U)
#define U16_MAX UINT16_MAX
#define S64_MAX INT64_MAX
#define U64_MAX UINT64_MAX
