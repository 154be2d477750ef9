/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/session.h"

#include <glib.h>

#include "rtp/rtp_sender.h"

static struct {
    pthread_mutex_t lock;
    GHashTable *by_handle;  /* janus_plugin_session -> Session, borrowed of the handle */
    GHashTable *publishers; /* name -> Session, with a reference */
} table = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void free_session(Session *session)
{
    rtp_sender_destroy(&session->sender);
    pthread_mutex_destroy(&session->lock);
    janus_refcount_decrease(&session->handle->ref);
    g_free(session);
}

Session *session_ref(Session *session)
{
    atomic_fetch_add(&session->references, 1);
    return session;
}

void session_unref(Session *session)
{
    if (session && atomic_fetch_sub(&session->references, 1) == 1)
        free_session(session);
}

void session_table_init(void)
{
    pthread_mutex_lock(&table.lock);
    table.by_handle = g_hash_table_new(NULL, NULL);
    table.publishers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pthread_mutex_unlock(&table.lock);
}

/* All publishers have been ended: no names are left. */
void session_table_deinit(void)
{
    pthread_mutex_lock(&table.lock);
    g_clear_pointer(&table.publishers, g_hash_table_destroy);
    g_clear_pointer(&table.by_handle, g_hash_table_destroy);
    pthread_mutex_unlock(&table.lock);
}

void session_create(janus_plugin_session *handle)
{
    Session *session = g_new0(Session, 1);

    /* after this call Janus sets the count of the handle, with one reference for us */
    session->handle = handle;
    atomic_init(&session->references, 1);
    pthread_mutex_init(&session->lock, NULL);
    handle->plugin_handle = session;
    pthread_mutex_lock(&table.lock);
    g_hash_table_insert(table.by_handle, handle, session);
    pthread_mutex_unlock(&table.lock);
}

/* Returns what one of the table's maps has for `key`, with a reference; NULL: nothing. */
static Session *find_in(GHashTable *const *map, const void *key)
{
    pthread_mutex_lock(&table.lock);
    Session *session = *map ? g_hash_table_lookup(*map, key) : NULL;
    if (session)
        session_ref(session);
    pthread_mutex_unlock(&table.lock);
    return session;
}

Session *session_find(janus_plugin_session *handle)
{
    return find_in(&table.by_handle, handle);
}

Session *session_of_loop(const janus_plugin_session *handle)
{
    return handle->plugin_handle;
}

Session *session_remove(janus_plugin_session *handle)
{
    Session *session = handle->plugin_handle;

    pthread_mutex_lock(&table.lock);
    if (table.by_handle)
        g_hash_table_remove(table.by_handle, handle);
    pthread_mutex_unlock(&table.lock);
    handle->plugin_handle = NULL;
    return session;
}

Session *session_find_publisher(const char *stream)
{
    return find_in(&table.publishers, stream);
}

Session *session_claim_name(Session *session)
{
    const char *name = session->stream.text;

    session->turn++;
    pthread_mutex_lock(&table.lock);
    Session *before = g_hash_table_lookup(
        table.publishers, name); /* its reference was the table's, and becomes the caller's */
    g_hash_table_replace(table.publishers, g_strdup(name), session_ref(session));
    pthread_mutex_unlock(&table.lock);
    return before;
}

void session_release_name(Session *session)
{
    const char *name = session->stream.text;

    pthread_mutex_lock(&table.lock);
    bool owner = table.publishers && g_hash_table_lookup(table.publishers, name) == session;
    if (owner)
        g_hash_table_remove(table.publishers, name);
    pthread_mutex_unlock(&table.lock);
    if (owner)
        session_unref(session); /* not the last: the caller has one */
}

unsigned session_turn(Session *session)
{
    if (!session)
        return 0;
    pthread_mutex_lock(&session->lock);
    unsigned turn = session->turn;
    pthread_mutex_unlock(&session->lock);
    return turn;
}

size_t session_count_publishers(void)
{
    pthread_mutex_lock(&table.lock);
    size_t count = table.publishers ? g_hash_table_size(table.publishers) : 0;
    pthread_mutex_unlock(&table.lock);
    return count;
}

/* The values of a table, which may be gone. */
static Session **list_sessions(GHashTable *const *which)
{
    GHashTableIter all;
    gpointer value;
    size_t n = 0;

    pthread_mutex_lock(&table.lock);
    guint size = *which ? g_hash_table_size(*which) : 0;
    Session **sessions = g_new0(Session *, size + 1);
    if (*which) {
        g_hash_table_iter_init(&all, *which);
        while (g_hash_table_iter_next(&all, NULL, &value))
            sessions[n++] = session_ref(value);
    }
    pthread_mutex_unlock(&table.lock);
    return sessions;
}

Session **session_publishers(void)
{
    return list_sessions(&table.publishers);
}

Session **session_all(void)
{
    return list_sessions(&table.by_handle);
}
