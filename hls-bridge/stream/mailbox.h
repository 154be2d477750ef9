/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MAILBOX_H
#define MAILBOX_H

/* Carries requests of other threads to a stream's thread, which reads them when it has time; and
 * knows whether the stream has a publisher. A publisher owns the stream from mailbox_publish() on,
 * even before the thread has read the mail.
 *
 * Thread-safety: every function may be called from any thread, but for create and destroy. */

#include "ingest/ingest.h"
#include "ingest/source_sdp.h"

typedef struct Mailbox Mailbox;

/* What has come since the last mailbox_read(). */
typedef struct Mail {
    bool unpublish; /* the publisher of before has gone */
    bool stop;
    bool hurry;             /* mailbox_hurry() */
    Ingest *source;         /* a new publisher, which the reader owns; NULL: none */
    bool replaced;          /* it takes the place of another one */
    const SourceSdp *fixed; /* it listens on the ports in this description; NULL: on others */
} Mail;

/* Returns NULL with errno. */
Mailbox *mailbox_create(void);

/* Accepts NULL, leaves NULL. */
void mailbox_destroy(Mailbox **mailbox);

/* ---- for other threads ---- */

typedef enum MailboxEntry {
    MAILBOX_ENTERED,
    MAILBOX_WAKES,  /* likewise, and the reader rests: wake it to read this */
    MAILBOX_CLOSED, /* nobody reads any more; `source` is still the caller's */
} MailboxEntry;

/* Lets a publisher in, and takes over `source`. A publisher before it that was not read yet is
 * destroyed. `fixed` is borrowed, and goes to the reader; NULL: none. `replaced` takes whether the
 * stream had a publisher. */
MailboxEntry mailbox_publish(Mailbox *mailbox, Ingest *source, const SourceSdp *fixed,
                             bool *replaced);

/* The publisher has gone. Returns 0, or -1 if there is none. */
int mailbox_unpublish(Mailbox *mailbox);

/* Asks to end the stream now if it is held open and has no publisher. */
void mailbox_hurry(Mailbox *mailbox);

/* Asks the thread to look at the clock. */
void mailbox_wake(Mailbox *mailbox);

/* Asks the thread to end; no publisher is let in any more. */
void mailbox_stop(Mailbox *mailbox);

/* Whether the thread is to end. */
bool mailbox_is_stopped(Mailbox *mailbox);

/* Whether the stream has a publisher, or will have one at once. */
bool mailbox_is_taken(Mailbox *mailbox);

/* Whether mailbox_bar() keeps publishers out at `now_us`. */
bool mailbox_is_barred(Mailbox *mailbox, int64_t now_us);

/* ---- for the stream's thread ---- */

/* A descriptor that is readable if there is mail. */
int mailbox_fd(const Mailbox *mailbox);

Mail mailbox_read(Mailbox *mailbox);

/* The stream has a publisher that did not come by mail. */
void mailbox_take(Mailbox *mailbox);

/* The publisher was ended: the stream has none, unless a new one waits. Do not call it if a
 * publisher that was read takes the stream over. */
void mailbox_leave(Mailbox *mailbox);

/* Keeps publishers out until `until_us`. */
void mailbox_bar(Mailbox *mailbox, int64_t until_us);

/* Closes the mailbox, unless a new publisher waits. Returns whether it is closed. */
bool mailbox_close(Mailbox *mailbox);

/* Closes it until the next publisher comes, which wakes the reader. */
bool mailbox_rest(Mailbox *mailbox);

#endif
