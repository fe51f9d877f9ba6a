/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands of damonctl scheme.
 */
#ifndef SCHEME_CMD_H
#define SCHEME_CMD_H

int scheme_add(int argc, char **argv);
int scheme_list(int argc, char **argv);
int scheme_clear(int argc, char **argv);

#endif
