/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MAILBOX_H
#define MAILBOX_H

/* What other threads want of a stream's thread, which reads it when it comes to it, and whether
 * somebody has the stream: a publisher has it from when he is let in, not from when he is read of.
 *
 * Thread-safety: every function may be called from any thread, but for create and destroy. */

#include "ingest/source.h"

typedef struct Mailbox Mailbox;

/* What has come since it was last read. */
typedef struct Mail {
    bool unpublish; /* the publisher who was there before has gone */
    bool stop;
    bool hurry;     /* mailbox_hurry() */
    Source *source; /* a new publisher, whom the reader owns; NULL: none */
    bool replaced;  /* it takes the place of one that was there */
    bool fixed;     /* he is heard where his description says */
    SourceSdp sdp;  /* which is this */
} Mail;

/* Returns NULL with errno. */
Mailbox *mailbox_create(void);

/* Accepts NULL, leaves NULL. */
void mailbox_destroy(Mailbox **mailbox);

/* ---- for other threads ---- */

typedef enum MailboxEntry {
    MAILBOX_ENTERED,
    MAILBOX_WAKES,  /* the same, and the reader rests: it must be woken to read of this */
    MAILBOX_CLOSED, /* nobody reads any more, and nothing was taken over */
} MailboxEntry;

/* Lets a publisher in, and takes over `source`; one whom nobody has read of yet is destroyed.
 * `replaced` takes whether somebody had the stream. */
MailboxEntry mailbox_publish(Mailbox *mailbox, Source *source, const SourceSdp *sdp, bool fixed,
                             bool *replaced);

/* The publisher has gone. Returns 0, or -1 where there is none. */
int mailbox_unpublish(Mailbox *mailbox);

/* What is held open is to be ended now, unless somebody publishes. */
void mailbox_hurry(Mailbox *mailbox);

/* The thread is to look at the clock. */
void mailbox_wake(Mailbox *mailbox);

/* The thread is to end; nobody is let in any more. */
void mailbox_stop(Mailbox *mailbox);

/* Whether the thread is to end. */
bool mailbox_is_stopped(Mailbox *mailbox);

/* Whether somebody publishes, or is about to. */
bool mailbox_is_taken(Mailbox *mailbox);

/* Whether nobody is let in at `now_us`, as mailbox_bar() has said. */
bool mailbox_is_barred(Mailbox *mailbox, int64_t now_us);

/* ---- for the stream's thread ---- */

/* Readable where there is mail. */
int mailbox_fd(const Mailbox *mailbox);

Mail mailbox_read(Mailbox *mailbox);

/* Somebody has the stream who did not come by mail. */
void mailbox_take(Mailbox *mailbox);

/* Whoever had the stream was ended: nobody has it, unless a new publisher waits. Not to be called
 * where one who was read of takes it over. */
void mailbox_leave(Mailbox *mailbox);

/* Nobody is to be let in before `until_us`. */
void mailbox_bar(Mailbox *mailbox, int64_t until_us);

/* Reads no more, unless a new publisher waits. Returns whether it is so. */
bool mailbox_close(Mailbox *mailbox);

/* The same until the next publisher comes, who wakes the reader. */
bool mailbox_rest(Mailbox *mailbox);

#endif
