/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ASKED_KEY_H
#define ASKED_KEY_H

/* The next key of a stream, which a key server is asked for before it is needed.
 *
 * Thread-safety: one thread, the stream's. */

#include "keys/key_source.h"

typedef struct AskedKey AskedKey;

/* Both are borrowed. Returns NULL if there is no memory. */
AskedKey *asked_key_create(const KeySource *source, const char *stream);

/* What has come is wiped. Accepts NULL, leaves NULL. */
void asked_key_destroy(AskedKey **asked);

/* Asks for the next key, unless one is asked for or is there. One that cannot be asked for is when
 * this is called again. */
void asked_key_ask(AskedKey *asked);

/* The key that has come, and the document that it came in; NULL: none has. Both are borrowed until
 * asked_key_done(). */
const CpixKey *asked_key_there(AskedKey *asked, const ByteBuffer **document);

/* The key is in use. Returns it; the caller frees it with asked_key_free(). */
CpixKey *asked_key_done(AskedKey *asked);

/* Wipes a key. Accepts NULL. */
void asked_key_free(CpixKey *key);

#endif
