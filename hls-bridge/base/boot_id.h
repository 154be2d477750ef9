/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BOOT_ID_H
#define BOOT_ID_H

/* Which boot of the machine this is. Thread-safety: none needed, there is no state. */

#define BOOT_ID_SIZE 40 /* bytes that hold it, its end included */

/* Writes the kernel's name of this boot, a UUID without spaces; "" where it cannot be told. What
 * was written to a file is there as it was written for as long as this is the same. */
void boot_id(char *id);

#endif
