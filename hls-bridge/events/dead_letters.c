/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/dead_letters.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "events/event_json.h"

#define DEAD_MODE 0600

bool dead_letters_init(DeadLetters *d, const char *owner, const char *path, int64_t bytes)
{
    *d = (DeadLetters){.owner = owner};
    return line_file_init(&d->file, path, ".old", bytes, DEAD_MODE);
}

void dead_letters_free(DeadLetters *d)
{
    line_file_free(&d->file);
}

bool dead_letters_add(DeadLetters *d, const EventRecord *record, int64_t tries, const char *reason,
                      int64_t unix_s)
{
    json_t *event = json_loadb(record->body, record->len, 0, NULL);
    char *text = event_json_line(json_pack("{s:s, s:I, s:I, s:o}", "reason", reason, "tries",
                                           (json_int_t)tries, "given_up", (json_int_t)unix_s,
                                           "event", event));
    bool good = text && line_file_add(&d->file, text, strlen(text)) == 0;

    if (good && (!d->giving_up || d->losing))
        log_warn("%s: events are given up, and added to %s: %s", d->owner, d->file.path, reason);
    else if (!good && !d->losing)
        log_error("%s: events are lost: %s; they cannot be added to %s: %s", d->owner, reason,
                  d->file.path, strerror(text ? errno : ENOMEM));
    d->giving_up = d->giving_up || good;
    d->losing = !good;
    free(text);
    return good;
}

void dead_letters_keep(DeadLetters *d)
{
    if (d->file.fd < 0)
        return;
    bool fails = line_file_sync(&d->file) < 0;
    if (fails && !d->unsynced)
        log_warn("%s: %s cannot be written through: %s", d->owner, d->file.path, strerror(errno));
    else if (!fails && d->unsynced)
        log_info("%s: %s is written through again", d->owner, d->file.path);
    d->unsynced = fails;
    line_file_close(&d->file);
}

void dead_letters_over(DeadLetters *d)
{
    d->giving_up = d->losing = false;
}
