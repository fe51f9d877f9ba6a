/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the pictures share: one SVG file each that needs no other, on white ground, so
 * that it can be read on a dark page, too.
 */
#ifndef SVG_H
#define SVG_H

#include <stdint.h>
#include <stdio.h>

/* @style are rules besides those of texts and of axes. */
void svg_begin(FILE *f, int width, int height, const char *style);
void svg_end(FILE *f);

/* A line of text, with what SVG needs escaped; @class may be "". */
void svg_text(FILE *f, double x, double y, const char *class, const char *text);

/* The name of an axis that goes up; @y is its middle. */
void svg_axis_name(FILE *f, double y, const char *name);

/* The step of 1, 2 or 5 times a power of ten that gives at most @max ticks. */
uint64_t svg_step(uint64_t span, unsigned int max);

#endif
