/* SPDX-License-Identifier: GPL-3.0-or-later */

/* janus.plugin.hls: the functions that Janus calls, and the thread that looks after publishers once
 * a second.
 *
 * Janus calls from its own threads and must not be kept waiting: see request_desk. */

#include <errno.h>
#include <glib.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <janus/debug.h>
#include <janus/plugins/plugin.h>

#include "audit/audit.h"
#include "desk/request_desk.h"
#include "desk/settings_care.h"
#include "publisher/publisher.h"
#include "session/media_relay.h"
#include "settings_reader.h"
#include "thread_name.h"

#define PLUGIN_PACKAGE "janus.plugin.hls"
#define PLUGIN_VERSION 1

#define LOOK_PERIOD_S 1  /* between two looks after publishers */
#define LEFT_LOOKS    5  /* so many looks between two that close connections of nobody */
#define FIGURES_LOOKS 10 /* so many looks between two events with figures */

static struct {
    PluginSettings *settings;
    pthread_t thread;
    pthread_mutex_t lock; /* guards `stopping`, taken alone */
    pthread_cond_t stop;
    bool stopping;
    atomic_bool running;
} self = {.lock = PTHREAD_MUTEX_INITIALIZER, .stop = PTHREAD_COND_INITIALIZER};

__attribute__((visibility("default"))) janus_plugin *create(void);
static janus_plugin plugin;

/* ---- the look after publishers ---- */

/* Waits until the next look. Returns whether there is to be one. */
static bool wait_to_look(void)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += LOOK_PERIOD_S;
    pthread_mutex_lock(&self.lock);
    while (!self.stopping &&
           pthread_cond_clockwait(&self.stop, &self.lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT)
        ;
    bool stopping = self.stopping;
    pthread_mutex_unlock(&self.lock);
    return !stopping;
}

static void *look_after(void *unused)
{
    (void)unused;
    thread_name_set("hls-care");
    for (unsigned looks = 1; wait_to_look(); looks++) {
        publisher_look_after();
        settings_care_look();
        audit_look_after();
        if (looks % LEFT_LOOKS == 0)
            request_desk_close_leftovers();
        if (looks % FIGURES_LOOKS == 0)
            publisher_tell_figures();
    }
    return NULL;
}

static void end_look_after(void)
{
    pthread_mutex_lock(&self.lock);
    self.stopping = true;
    pthread_cond_signal(&self.stop);
    pthread_mutex_unlock(&self.lock);
    pthread_join(self.thread, NULL);
}

/* ---- requests ---- */

static struct janus_plugin_result *on_message(janus_plugin_session *handle, char *transaction,
                                              json_t *body, json_t *jsep)
{
    Session *session = atomic_load(&self.running) ? session_find(handle) : NULL;
    struct janus_plugin_result *result = request_desk_take(session, transaction, body, jsep);

    session_unref(session);
    return result;
}

static json_t *on_admin_message(json_t *body)
{
    return request_desk_admin(body);
}

/* ---- sessions and media ---- */

static void on_create_session(janus_plugin_session *handle, int *error)
{
    if (!atomic_load(&self.running)) {
        *error = -1;
        return;
    }
    session_create(handle);
}

static void on_destroy_session(janus_plugin_session *handle, int *error)
{
    Session *session = session_remove(handle);

    if (!session) {
        *error = -2;
        return;
    }
    publisher_detach(session);
    session_unref(session);
}

static json_t *on_query_session(janus_plugin_session *handle)
{
    Session *session = session_find(handle);
    json_t *description = session ? publisher_describe(session) : NULL;

    session_unref(session);
    return description;
}

/* Janus calls these on the handle's loop, as it does destroy_session. */

static void on_setup_media(janus_plugin_session *handle)
{
    Session *session = session_of_loop(handle);

    if (session)
        publisher_media_up(session);
}

static void on_hangup_media(janus_plugin_session *handle)
{
    Session *session = session_of_loop(handle);

    if (session)
        publisher_media_down(session);
}

static void on_rtp(janus_plugin_session *handle, janus_plugin_rtp *packet)
{
    Session *session = session_of_loop(handle);

    if (session)
        media_relay_rtp(session, packet);
}

static void on_rtcp(janus_plugin_session *handle, janus_plugin_rtcp *packet)
{
    Session *session = session_of_loop(handle);

    if (session)
        media_relay_rtcp(session, packet);
}

/* Section and direction are not told on: it is the publisher's network in any case. */
static void on_slow_link(janus_plugin_session *handle, int mindex, gboolean video, gboolean uplink)
{
    (void)mindex;
    (void)uplink;
    Session *session = session_of_loop(handle);

    if (session)
        publisher_slow_link(session, video ? MEDIA_VIDEO : MEDIA_AUDIO);
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
    if (audit_open(self.settings) < 0) {
        plugin_settings_destroy(&self.settings);
        return -1;
    }
    settings_care_init(self.settings);
    session_table_init();
    media_relay_init(callbacks);
    if (publisher_init(callbacks, &plugin, self.settings) < 0)
        goto fail;
    if (request_desk_open(callbacks, &plugin, self.settings) < 0)
        goto fail_desk;
    self.stopping = false;
    if (pthread_create(&self.thread, NULL, look_after, NULL) != 0) {
        JANUS_LOG(LOG_FATAL, "[hls] no thread to look after publishers\n");
        goto fail_thread;
    }
    atomic_store(&self.running, true);
    audit_note("started", NULL, NULL);
    JANUS_LOG(LOG_INFO, "[hls] ready, the bridge is at %s\n",
              plugin_settings_bridge(self.settings));
    return 0;
fail_thread:
    request_desk_close();
fail_desk:
    publisher_deinit();
fail:
    session_table_deinit();
    audit_close();
    plugin_settings_destroy(&self.settings);
    return -1;
}

static void on_destroy(void)
{
    if (!atomic_exchange(&self.running, false))
        return;
    end_look_after();
    request_desk_close();
    publisher_deinit();
    session_table_deinit();
    audit_note("stopped", NULL, NULL);
    audit_close();
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
    return "Publishes WebRTC streams as HLS, through hls-bridge.";
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
