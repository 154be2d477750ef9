/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef KEY_SOURCE_H
#define KEY_SOURCE_H

/* Who has keys for streams that do not make their own. No call waits for anybody.
 *
 * Thread-safety: any thread may ask; a ticket belongs to the thread that has it. */

#include "base/byte_buffer.h"
#include "keys/cpix_document.h"

typedef struct KeyTicket KeyTicket;

typedef struct KeySource {
    void *user;
    /* Asks for the key of this ID of a stream, again and again until it is there. Returns NULL if
     * there is no memory. */
    KeyTicket *(*ask)(void *user, const char *stream, const uint8_t id[CPIX_KEY_SIZE]);
    /* Whether the key has come: then the document that has it, as it came, is moved to `document`,
     * which is empty. */
    bool (*take)(KeyTicket *ticket, ByteBuffer *document);
    /* Nobody wants it any more. Accepts NULL, leaves NULL. */
    void (*drop)(KeyTicket **ticket);
} KeySource;

#endif
