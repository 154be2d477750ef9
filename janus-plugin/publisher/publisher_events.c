/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher/publisher_events.h"

static struct {
    janus_callbacks *gateway;
    janus_plugin *plugin;
    bool handlers;
} self;

void publisher_events_init(janus_callbacks *gateway, janus_plugin *plugin, bool handlers)
{
    self.gateway = gateway;
    self.plugin = plugin;
    self.handlers = handlers;
}

void publisher_push(Session *session, json_t *event)
{
    self.gateway->push_event(session->handle, self.plugin, NULL, event, NULL);
    json_decref(event);
}

void publisher_push_status(Session *session, const char *status, const char *text)
{
    json_t *event = reply_new("status");

    json_object_set_new(event, "status", json_string(status));
    if (text)
        json_object_set_new(event, "text", json_string(text));
    publisher_push(session, event);
}

bool publisher_has_listeners(void)
{
    return self.handlers && self.gateway->events_is_enabled();
}

void publisher_notify(Session *session, const char *stream, const char *what, json_t *details)
{
    if (!publisher_has_listeners()) {
        json_decref(details);
        return;
    }
    json_t *event = json_pack("{s:s, s:s}", "event", what, "stream", stream);
    if (details)
        json_object_update_new(event, details);
    self.gateway->notify_event(self.plugin, session->handle, event);
}
