/* SPDX-License-Identifier: GPL-3.0-or-later */

/* janus.plugin.hls: what Janus calls, and the one thread that handles publishers' requests.
 *
 * Janus calls from its own threads and must not be kept waiting: requests that negotiate are queued
 * for our thread, since Janus itself gathers ICE candidates inside push_event(); the others are
 * answered at once. */

#include <glib.h>
#include <jansson.h>
#include <stdatomic.h>
#include <string.h>

#include <janus/debug.h>
#include <janus/plugins/plugin.h>

#include "admission.h"
#include "hls_config.h"
#include "media_relay.h"
#include "publisher.h"
#include "settings_reader.h"

#define PLUGIN_PACKAGE "janus.plugin.hls"
#define PLUGIN_VERSION 1

#define LOOK_PERIOD_US 1000000ll /* between two looks after publishers */
#define FIGURES_LOOKS  10        /* of them between two events that tell how publishers fare */

/* A request that waits for the thread. */
typedef struct Message {
    Session *session; /* with a reference; NULL: the thread is to end */
    char *transaction;
    json_t *body, *jsep;
} Message;

static struct {
    janus_callbacks *gateway;
    PluginSettings *settings;
    GAsyncQueue *messages;
    GThread *thread;
    atomic_bool running;
} self;

__attribute__((visibility("default"))) janus_plugin *create(void);
static janus_plugin plugin;

/* ---- requests ---- */

static void free_message(Message *message)
{
    session_unref(message->session);
    g_free(message->transaction);
    json_decref(message->body);
    json_decref(message->jsep);
    g_free(message);
}

/* Reads the SDP of a JSEP object. Returns NULL with `error` where it is not an offer. */
static const char *read_offer(const json_t *jsep, RequestError *error)
{
    const char *type = json_string_value(json_object_get(jsep, "type"));
    const char *sdp = json_string_value(json_object_get(jsep, "sdp"));

    if (type && sdp && strcmp(type, "offer") == 0)
        return sdp;
    request_fail(error, HLS_ERROR_INVALID_SDP, "publish needs a JSEP offer beside the message");
    return NULL;
}

/* Janus has begun a connection for the offer before we saw it. One that is refused is given up, so
 * that the publisher may make another on the same handle; a live one goes on as it was. */
static void forget_offer(const Message *message)
{
    if (message->jsep && !publisher_is_live(message->session))
        self.gateway->close_pc(message->session->handle);
}

/* Handles one request of a publisher. Returns the event to send, or NULL where it is sent. */
static json_t *handle(Message *message)
{
    RequestError error = {0};
    Request request;
    json_t *event = NULL;

    if (request_parse(message->body, &request, &error) < 0)
        return reply_error(&error);
    if (request.kind == REQUEST_PUBLISH) {
        const char *offer = read_offer(message->jsep, &error);
        if (offer &&
            publisher_publish(message->session, message->transaction, &request, offer, &error) == 0)
            return NULL;
    } else if (request.kind == REQUEST_CONFIGURE) {
        event = publisher_configure(message->session, &request, &error);
    } else if (request.kind == REQUEST_UNPUBLISH) {
        event = publisher_unpublish(message->session, &error);
    } else if (request.kind == REQUEST_REPORT) {
        event = publisher_report(message->session, &request, &error);
    } else {
        request_fail(&error, HLS_ERROR_UNKNOWN_REQUEST, "kick is for the Admin API alone");
    }
    return event ? event : reply_error(&error);
}

static void *handle_messages(void *unused)
{
    int64_t look_us = monotonic_us() + LOOK_PERIOD_US;
    unsigned looks = 0;

    (void)unused;
    for (;;) {
        int64_t wait_us = look_us - monotonic_us();
        if (wait_us <= 0) {
            publisher_look_after();
            if (++looks % FIGURES_LOOKS == 0)
                publisher_tell_figures();
            wait_us = LOOK_PERIOD_US;
            look_us = monotonic_us() + wait_us;
        }
        Message *message = g_async_queue_timeout_pop(self.messages, (guint64)wait_us);
        if (!message)
            continue;
        if (!message->session) {
            free_message(message);
            return NULL;
        }
        json_t *event = handle(message);
        if (event)
            self.gateway->push_event(message->session->handle, &plugin, message->transaction, event,
                                     NULL);
        json_decref(event);
        forget_offer(message);
        free_message(message);
    }
}

/* The answer to list or info, of which anybody may ask at any time; operators are told more. */
static json_t *answer_question(const json_t *body, bool by_operator)
{
    RequestError error = {0};
    Request request;
    json_t *reply;

    if (request_parse(body, &request, &error) < 0)
        return reply_error(&error);
    if (request.kind == REQUEST_LIST) {
        reply = reply_new("list");
        json_object_set_new(reply, "streams", publisher_list(by_operator));
        if (by_operator)
            json_object_set_new(reply, "refused", admission_refusals());
        return reply;
    }
    Session *session = session_find_publisher(request.stream);
    if (!session) {
        request_fail(&error, HLS_ERROR_NO_SUCH_STREAM, "nobody is live as %s", request.stream);
        return reply_error(&error);
    }
    reply = reply_new("info");
    json_object_update_new(reply, publisher_describe(session));
    session_unref(session);
    return reply;
}

static struct janus_plugin_result *on_message(janus_plugin_session *handle, char *transaction,
                                              json_t *body, json_t *jsep)
{
    RequestError error = {0};
    json_t *reply = NULL;
    Session *session = atomic_load(&self.running) ? session_find(handle) : NULL;

    if (!session) {
        request_fail(&error, HLS_ERROR_INTERNAL, "this handle is not attached any more");
        reply = reply_error(&error);
    } else if (request_is_question(body)) {
        reply = answer_question(body, false);
    }
    if (reply) {
        session_unref(session);
        g_free(transaction);
        json_decref(body);
        json_decref(jsep);
        return janus_plugin_result_new(JANUS_PLUGIN_OK, NULL, reply);
    }
    Message *message = g_new0(Message, 1);
    *message = (Message){session, transaction, body, jsep};
    g_async_queue_push(self.messages, message);
    return janus_plugin_result_new(JANUS_PLUGIN_OK_WAIT, NULL, NULL);
}

static json_t *on_admin_message(json_t *body)
{
    RequestError error = {0};
    Request request;

    if (request_is_question(body))
        return answer_question(body, true);
    if (request_parse(body, &request, &error) == 0 && request.kind == REQUEST_KICK &&
        publisher_kick(request.stream, &error) == 0)
        return json_pack("{s:s, s:s}", "hls", "kicked", "stream", request.stream);
    if (error.code == 0)
        request_fail(&error, HLS_ERROR_UNKNOWN_REQUEST, "the Admin API takes list, info and kick");
    return reply_error(&error);
}

/* ---- sessions and media ---- */

static void on_create_session(janus_plugin_session *handle, int *error)
{
    if (!atomic_load(&self.running)) {
        *error = -1;
        return;
    }
    Session *session = session_create(handle);
    handle->plugin_handle = session; /* Janus asks for one; it is found by its handle instead */
    session_unref(session);
}

static void on_destroy_session(janus_plugin_session *handle, int *error)
{
    Session *session = session_remove(handle);

    if (!session) {
        *error = -2;
        return;
    }
    publisher_media_down(session);
    session_unref(session);
}

static json_t *on_query_session(janus_plugin_session *handle)
{
    Session *session = session_find(handle);
    json_t *description = session ? publisher_describe(session) : NULL;

    session_unref(session);
    return description;
}

static void on_setup_media(janus_plugin_session *handle)
{
    Session *session = session_find(handle);

    if (session)
        publisher_media_up(session);
    session_unref(session);
}

static void on_hangup_media(janus_plugin_session *handle)
{
    Session *session = session_find(handle);

    if (session)
        publisher_media_down(session);
    session_unref(session);
}

static void on_rtp(janus_plugin_session *handle, janus_plugin_rtp *packet)
{
    Session *session = session_find(handle);

    if (session)
        media_relay_rtp(session, packet);
    session_unref(session);
}

static void on_rtcp(janus_plugin_session *handle, janus_plugin_rtcp *packet)
{
    Session *session = session_find(handle);

    if (session)
        media_relay_rtcp(session, packet);
    session_unref(session);
}

/* Janus gives no limit for these two, and wants both */
static void on_slow_link(janus_plugin_session *handle, int mindex, gboolean video, gboolean uplink)
{
    (void)mindex;
    (void)uplink;
    Session *session = session_find(handle);

    if (session)
        publisher_slow_link(session, video ? MEDIA_VIDEO : MEDIA_AUDIO);
    session_unref(session);
}

/* ---- start and stop ---- */

static int on_init(janus_callbacks *callbacks, const char *config_path)
{
    char error[SETTINGS_ERROR_SIZE];

    if (!callbacks || !config_path)
        return -1;
    char *file = g_strdup_printf("%s/%s.jcfg", config_path, PLUGIN_PACKAGE);
    self.settings = plugin_settings_create(file, error);
    g_free(file);
    if (!self.settings) {
        JANUS_LOG(LOG_FATAL, "[hls] %s\n", error);
        return -1;
    }
    self.gateway = callbacks;
    session_table_init();
    media_relay_init(callbacks);
    if (publisher_init(callbacks, &plugin, self.settings) < 0)
        goto fail;
    self.messages = g_async_queue_new();
    self.thread = g_thread_try_new("hls requests", handle_messages, NULL, NULL);
    if (!self.thread) {
        JANUS_LOG(LOG_FATAL, "[hls] no thread for requests\n");
        g_async_queue_unref(self.messages);
        publisher_deinit();
        goto fail;
    }
    atomic_store(&self.running, true);
    JANUS_LOG(LOG_INFO, "[hls] ready, the bridge is at %s\n",
              plugin_settings_bridge(self.settings));
    return 0;
fail:
    session_table_deinit();
    plugin_settings_destroy(&self.settings);
    return -1;
}

static void on_destroy(void)
{
    if (!atomic_exchange(&self.running, false))
        return;
    g_async_queue_push(self.messages, g_new0(Message, 1));
    g_thread_join(self.thread);
    g_async_queue_unref(self.messages);
    publisher_deinit();
    session_table_deinit();
    plugin_settings_destroy(&self.settings);
}

static int get_api_compatibility(void)
{
    return JANUS_PLUGIN_API_VERSION;
}

static int get_version(void)
{
    return PLUGIN_VERSION;
}

static const char *get_version_string(void)
{
    return PACKAGE_VERSION;
}

static const char *get_description(void)
{
    return "Publishes WebRTC streams as HLS, by way of hls-bridge.";
}

static const char *get_name(void)
{
    return "Janus HLS plugin";
}

static const char *get_author(void)
{
    return "the janus-hls project";
}

static const char *get_package(void)
{
    return PLUGIN_PACKAGE;
}

static janus_plugin plugin = {
    .init = on_init,
    .destroy = on_destroy,
    .get_api_compatibility = get_api_compatibility,
    .get_version = get_version,
    .get_version_string = get_version_string,
    .get_description = get_description,
    .get_name = get_name,
    .get_author = get_author,
    .get_package = get_package,
    .create_session = on_create_session,
    .handle_message = on_message,
    .handle_admin_message = on_admin_message,
    .setup_media = on_setup_media,
    .incoming_rtp = on_rtp,
    .incoming_rtcp = on_rtcp,
    .slow_link = on_slow_link,
    .hangup_media = on_hangup_media,
    .destroy_session = on_destroy_session,
    .query_session = on_query_session,
};

janus_plugin *create(void)
{
    return &plugin;
}
