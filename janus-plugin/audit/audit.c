/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/audit.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>

#include <janus/debug.h>

#include "audit/audit_log.h"
#include "clock.h"
#include "utc_text.h"

static struct {
    AuditLog *log;   /* NULL: there is none */
    AuditStats seen; /* at the last look */
    bool loses;
} self;

int audit_open(const PluginSettings *settings)
{
    const char *path = plugin_settings_audit(settings);

    self.seen = (AuditStats){0};
    self.loses = false;
    if (!path)
        return 0;
    self.log = audit_log_create(path, plugin_settings_audit_bytes(settings));
    if (!self.log)
        JANUS_LOG(LOG_FATAL, "[hls] the audit log %s (general.audit) cannot be written: %s\n", path,
                  g_strerror(errno));
    return self.log ? 0 : -1;
}

void audit_close(void)
{
    audit_log_destroy(&self.log);
}

static json_t *now(void)
{
    char text[UTC_TEXT_SIZE];
    TextBuffer out = text_buffer(text, sizeof(text));

    utc_text_add(&out, clock_us(CLOCK_REALTIME), 3);
    return json_string(text);
}

void audit_note(const char *event, const char *stream, json_t *details)
{
    if (self.log) {
        json_t *record =
            json_pack("{s:o, s:s, s:s*}", "time", now(), "event", event, "stream", stream);
        if (details)
            json_object_update(record, details);
        audit_log_add(self.log, record);
    }
    json_decref(details);
}

void audit_look_after(void)
{
    if (!self.log)
        return;
    AuditStats now_is = audit_log_stats(self.log);
    bool loses = now_is.lost > self.seen.lost, writes = now_is.written > self.seen.written;
    if (loses && !self.loses)
        JANUS_LOG(LOG_WARN,
                  "[hls] the audit log (general.audit) loses records: is its disk full?\n");
    if (!loses && writes && self.loses)
        JANUS_LOG(LOG_WARN, "[hls] the audit log is written again, %llu records were lost\n",
                  (unsigned long long)now_is.lost);
    self.loses = loses || (self.loses && !writes);
    self.seen = now_is;
}

json_t *audit_figures(void)
{
    if (!self.log)
        return NULL;
    AuditStats stats = audit_log_stats(self.log);
    return json_pack("{s:I, s:I}", "written", (json_int_t)stats.written, "lost",
                     (json_int_t)stats.lost);
}
