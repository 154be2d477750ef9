/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stub_gateway.h"

#include "janus_offer.h"

#include <glib.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <janus/debug.h>

#define GONE (-2) /* of push_event(), as Janus says it */

/* ---- what plugins use of the janus program ---- */

int janus_log_level = LOG_NONE;
gboolean janus_log_timestamps, janus_log_colors;
char *janus_log_global_prefix;
int lock_debug, refcount_debug;
atomic_int stub_logged;

void janus_vprintf(const char *format, ...)
{
    va_list args;

    atomic_fetch_add(&stub_logged, 1);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
}

janus_plugin_result *janus_plugin_result_new(janus_plugin_result_type type, const char *text,
                                             json_t *content)
{
    janus_plugin_result *result = g_new0(janus_plugin_result, 1);

    *result = (janus_plugin_result){.type = type, .text = text, .content = content};
    return result;
}

janus_plugin *create(void);

/* ---- counters ---- */

void (*stub_gathering)(StubHandle *handle);
void (*stub_pause)(void);
atomic_int stub_answer_error;
atomic_bool stub_has_handlers;
atomic_int stub_plis, stub_rembs, stub_notified, stub_live_sessions;
atomic_int stub_pli_mindex, stub_remb_bitrate;

/* Relaxed, so that a sanitizer takes no order between threads from what a test counts. */
#define count(what)      atomic_fetch_add_explicit(what, 1, memory_order_relaxed)
#define get(what)        atomic_load_explicit(what, memory_order_relaxed)
#define set(what, value) atomic_store_explicit(what, value, memory_order_relaxed)

static void take_a_break(void)
{
    if (stub_pause)
        stub_pause();
}

/* ---- events that are kept ---- */

#define KEPT_MAX 256

static struct {
    const StubHandle *handle; /* NULL: an event handler's */
    json_t *event;
} kept[KEPT_MAX];
static atomic_uint kept_count;
static atomic_bool keeps;

static void keep_event(const StubHandle *handle, const json_t *event)
{
    unsigned n = atomic_load(&kept_count);

    if (!atomic_load(&keeps))
        return;
    if (n == KEPT_MAX)
        abort();
    kept[n].handle = handle;
    kept[n].event = json_deep_copy(event);
    atomic_store(&kept_count, n + 1);
}

void stub_keep_events(bool keep)
{
    unsigned n = atomic_exchange(&kept_count, 0);

    while (n-- > 0)
        json_decref(kept[n].event);
    atomic_store(&keeps, keep);
}

unsigned stub_count_events(const StubHandle *handle, const char *kind)
{
    unsigned found = 0;

    for (unsigned i = 0, n = atomic_load(&kept_count); i < n; i++) {
        const char *name =
            json_string_value(json_object_get(kept[i].event, handle ? "hls" : "event"));
        found += kept[i].handle == handle && name && strcmp(name, kind) == 0;
    }
    return found;
}

const json_t *stub_last_event(const StubHandle *handle, const char *kind)
{
    for (unsigned i = atomic_load(&kept_count); i-- > 0;) {
        const char *name =
            json_string_value(json_object_get(kept[i].event, handle ? "hls" : "event"));
        if (kept[i].handle == handle && name && strcmp(name, kind) == 0)
            return kept[i].event;
    }
    return NULL;
}

/* ---- callbacks ---- */

static const char *const event_names[] = {"error",    "published", "unpublished", "configured",
                                          "reported", "status",    "slow-link"};

static void note(StubHandle *handle, json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "hls"));

    if (!name)
        abort(); /* every event has one */
    count(&handle->events);
    keep_event(handle, event);
    if (strcmp(name, "error") == 0) {
        count(&handle->errors);
        set(&handle->last_error, (int)json_integer_value(json_object_get(event, "error_code")));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(event_names); i++)
        if (strcmp(event_names[i], name) == 0)
            set(&handle->last_event, event_names[i]);
}

/* Whether the handle has an offer that can be answered. */
static bool has_offer(const StubHandle *handle)
{
    return get(&handle->agent) && !get(&handle->cleaning) && !get(&handle->detached);
}

static int push_event(janus_plugin_session *session, janus_plugin *plugin, const char *transaction,
                      json_t *event, json_t *jsep)
{
    StubHandle *handle = session->gateway_handle;

    (void)transaction;
    take_a_break();
    if (plugin != create() || !json_is_object(event))
        abort();
    if (get(&handle->detached))
        return GONE;
    if (jsep) {
        if (!has_offer(handle))
            return GONE;
        if (stub_gathering)
            stub_gathering(handle);
        take_a_break();
        if (!has_offer(handle))
            return GONE;
        if (get(&stub_answer_error))
            return get(&stub_answer_error);
        count(&handle->answers);
    }
    note(handle, event);
    return 0;
}

static void close_pc(janus_plugin_session *session)
{
    StubHandle *handle = session->gateway_handle;

    take_a_break();
    if (get(&handle->detached) || get(&handle->cleaning))
        return;
    count(&handle->closes);
    set(&handle->close_pc, true);
}

static void send_pli_stream(janus_plugin_session *session, int mindex)
{
    take_a_break();
    if (g_atomic_int_get(&session->stopped))
        return;
    count(&stub_plis);
    set(&stub_pli_mindex, mindex);
}

static void send_remb(janus_plugin_session *session, guint32 bitrate)
{
    take_a_break();
    if (g_atomic_int_get(&session->stopped))
        return;
    count(&stub_rembs);
    set(&stub_remb_bitrate, (int)bitrate);
}

static gboolean events_is_enabled(void)
{
    return get(&stub_has_handlers);
}

static void notify_event(janus_plugin *plugin, janus_plugin_session *session, json_t *event)
{
    take_a_break();
    if (plugin != create() || (session && !session->gateway_handle) ||
        !json_object_get(event, "event"))
        abort();
    count(&stub_notified);
    keep_event(NULL, event);
    json_decref(event);
}

static janus_callbacks callbacks = {
    .push_event = push_event,
    .send_pli_stream = send_pli_stream,
    .send_remb = send_remb,
    .close_pc = close_pc,
    .events_is_enabled = events_is_enabled,
    .notify_event = notify_event,
};

/* ---- the life of a handle ---- */

int stub_start(const char *settings)
{
    return stub_start_streams(settings, "");
}

int stub_start_in(const char *folder)
{
    return create()->init(&callbacks, folder);
}

int stub_start_streams(const char *settings, const char *streams)
{
    char folder[] = "/dev/shm/plugin-XXXXXX";
    char text[1024];

    if (!mkdtemp(folder))
        abort();
    char *file = g_strdup_printf("%s/janus.plugin.hls.jcfg", folder);
    snprintf(text, sizeof(text), "general: { %s }\nstreams: { %s }\n", settings, streams);
    if (!g_file_set_contents(file, text, -1, NULL))
        abort();
    int status = stub_start_in(folder);
    unlink(file);
    rmdir(folder);
    g_free(file);
    return status;
}

void stub_stop(void)
{
    create()->destroy();
}

static void free_session(const janus_refcount *ref)
{
    janus_plugin_session *session = janus_refcount_containerof(ref, janus_plugin_session, ref);

    atomic_fetch_sub_explicit(&stub_live_sessions, 1, memory_order_relaxed);
    atomic_store(&((StubHandle *)session->gateway_handle)->freed, true);
    free(session);
}

StubHandle *stub_attach(void)
{
    StubHandle *handle = g_new0(StubHandle, 1);
    int error = 0;

    /* Janus counts from after create_session() on: one for its table, one for the plugin */
    handle->session = malloc(sizeof(*handle->session));
    memset(handle->session, 0xa5, sizeof(*handle->session));
    handle->session->gateway_handle = handle;
    handle->session->plugin_handle = NULL;
    handle->session->stopped = 0;
    create()->create_session(handle->session, &error);
    if (error)
        abort();
    janus_refcount_init(&handle->session->ref, free_session);
    janus_refcount_increase(&handle->session->ref);
    count(&stub_live_sessions);
    return handle;
}

void stub_free(StubHandle *handle)
{
    if (!get(&handle->detached) || !atomic_load(&handle->freed))
        abort();
    g_free(handle);
}

json_t *stub_send(StubHandle *handle, const char *body, const char *offer)
{
    json_t *reply = NULL, *jsep = NULL;

    if (get(&handle->detached) || (offer && get(&handle->cleaning)))
        return NULL;
    if (offer) {
        jsep = janus_offer(offer);
        if (!jsep) /* not UTF-8, which Janus does not take */
            return NULL;
        if (!atomic_exchange_explicit(&handle->agent, true, memory_order_relaxed))
            set(&handle->close_pc, false); /* as janus_ice_setup_local() does */
    }
    janus_plugin_result *result = create()->handle_message(
        handle->session, g_strdup("transaction"), json_loads(body, JSON_DECODE_ANY, NULL), jsep);
    if (result->type == JANUS_PLUGIN_OK) {
        reply = result->content;
        if (!json_is_object(reply))
            abort();
        json_t *code = json_object_get(reply, "error_code");
        if (code)
            set(&handle->last_error, (int)json_integer_value(code));
    } else if (result->type != JANUS_PLUGIN_OK_WAIT) {
        abort();
    }
    g_free(result);
    return reply;
}

json_t *stub_admin(const char *body)
{
    json_t *message = json_loads(body, JSON_DECODE_ANY, NULL);
    json_t *reply = create()->handle_admin_message(message);

    json_decref(message);
    return reply;
}

void stub_setup(StubHandle *handle)
{
    if (!get(&handle->detached) && get(&handle->agent))
        create()->setup_media(handle->session);
}

void stub_rtp(StubHandle *handle, int mindex, const void *bytes, size_t len)
{
    char *copy = g_memdup2(bytes, len);
    janus_plugin_rtp packet = {
        .mindex = mindex, .video = mindex == 1, .buffer = copy, .length = (uint16_t)len};

    if (!get(&handle->detached) && get(&handle->agent))
        create()->incoming_rtp(handle->session, &packet);
    g_free(copy);
}

void stub_rtcp(StubHandle *handle, int mindex, const void *bytes, size_t len)
{
    char *copy = g_memdup2(bytes, len);
    janus_plugin_rtcp packet = {
        .mindex = mindex, .video = mindex == 1, .buffer = copy, .length = (uint16_t)len};

    if (!get(&handle->detached) && get(&handle->agent))
        create()->incoming_rtcp(handle->session, &packet);
    g_free(copy);
}

void stub_slow_link(StubHandle *handle)
{
    if (!get(&handle->detached) && get(&handle->agent))
        create()->slow_link(handle->session, 0, FALSE, TRUE);
}

void stub_hangup(StubHandle *handle)
{
    if (get(&handle->detached) || !get(&handle->agent))
        return;
    set(&handle->close_pc, false);
    set(&handle->cleaning, true);
    create()->hangup_media(handle->session);
    set(&handle->agent, false);
    set(&handle->cleaning, false);
}

void stub_detach(StubHandle *handle)
{
    int error = 0;

    if (get(&handle->detached))
        return;
    stub_hangup(handle);
    set(&handle->detached, true);
    g_atomic_int_set(&handle->session->stopped, 1);
    janus_refcount_decrease(&handle->session->ref); /* its table's */
    create()->destroy_session(handle->session, &error);
    if (error)
        abort();
}

json_t *stub_query(StubHandle *handle)
{
    return get(&handle->detached) ? NULL : create()->query_session(handle->session);
}
