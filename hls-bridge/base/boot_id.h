/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BOOT_ID_H
#define BOOT_ID_H

/* Names the current boot of the machine. Thread-safety: any thread, there is no state. */

#define BOOT_ID_SIZE 40 /* bytes of `id`, with its terminating zero */

/* Writes the kernel's UUID of this boot to `id`; "" if it is not known. As long as it stays the
 * same, no power cut can have undone a write to a file. */
void boot_id(char *id);

#endif
