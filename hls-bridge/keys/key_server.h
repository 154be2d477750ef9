/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef KEY_SERVER_H
#define KEY_SERVER_H

/* Asks a key server for keys by HTTP: a POST of a CPIX document (cpix_request.h) for each, which is
 * tried again after a pause that grows, until there is an answer that can be read
 * (cpix_document.h). A thread of its own does so, a few keys at a time.
 *
 * What proves who asks is read again from its files before each POST, so that it can be replaced
 * while the bridge runs.
 *
 * Thread-safety: any thread may ask. The lock guards the list of tickets; it is a leaf, and is not
 * held while something is sent or read. */

#include "base/clock.h"
#include "keys/key_source.h"

typedef struct KeyServer KeyServer;

/* All texts are borrowed. */
typedef struct KeyServerParams {
    const Clock *clock;      /* borrowed */
    const char *url;         /* http or https; no log shows it, since it may have a password */
    const char *header_file; /* both as key_proof.h has them */
    const char *secret_file;
    int64_t timeout_us;  /* of one POST */
    CpixSystems systems; /* that are asked for */
} KeyServerParams;

/* To be called before other threads are made, since libraries are set up. Returns NULL if there is
 * no memory, or no thread. */
KeyServer *key_server_create(const KeyServerParams *params);

/* What was asked for is given up; tickets are to be dropped before. Accepts NULL, leaves NULL. */
void key_server_destroy(KeyServer **server);

/* Borrowed. */
const KeySource *key_server_source(const KeyServer *server);

#endif
