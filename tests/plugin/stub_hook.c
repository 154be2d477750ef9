/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stub_hook.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>

#include "hook/hook_client.h"

#define QUESTIONS 64

typedef struct Question {
    HookDone *done;
    void *user;
} Question;

struct HookClient {
    size_t max;
};

static struct {
    pthread_mutex_t lock; /* guards all below */
    struct HookClient *client;
    Question question[QUESTIONS];
    size_t waiting;
    char *asked;
    const char *at_once;
    bool stopped;
    HookStats stats;
} hook = {.lock = PTHREAD_MUTEX_INITIALIZER};

HookClient *hook_client_create(const HookSettings *settings)
{
    hook.client = g_new0(HookClient, 1);
    hook.client->max = MIN((size_t)settings->waiting, QUESTIONS);
    hook.stopped = false;
    hook.at_once = NULL;
    hook.stats = (HookStats){0};
    return hook.client;
}

static bool take(Question *out)
{
    pthread_mutex_lock(&hook.lock);
    bool any = hook.waiting > 0;
    if (any) {
        *out = hook.question[0];
        hook.waiting--;
        memmove(hook.question, hook.question + 1, hook.waiting * sizeof(Question));
    }
    pthread_mutex_unlock(&hook.lock);
    return any;
}

static bool tell(const HookAnswer *answer)
{
    Question question;

    if (!take(&question))
        return false;
    pthread_mutex_lock(&hook.lock);
    hook.stats.verdict[answer->verdict]++;
    pthread_mutex_unlock(&hook.lock);
    question.done(question.user, answer);
    return true;
}

void hook_client_stop(HookClient *client)
{
    (void)client;
    pthread_mutex_lock(&hook.lock);
    hook.stopped = true;
    pthread_mutex_unlock(&hook.lock);
    while (stub_hook_fail(ADMISSION_STOPPED))
        ;
}

void hook_client_destroy(HookClient **client)
{
    if (!*client)
        return;
    hook_client_stop(*client);
    g_clear_pointer(&hook.asked, g_free);
    g_free(*client);
    *client = hook.client = NULL;
}

int hook_client_ask(HookClient *client, const char *body, HookDone *done, void *user)
{
    pthread_mutex_lock(&hook.lock);
    bool room = !hook.stopped && hook.waiting < client->max;
    const char *at_once = hook.at_once;
    if (room) {
        hook.question[hook.waiting++] = (Question){done, user};
        hook.stats.asked++;
        g_free(hook.asked);
        hook.asked = g_strdup(body);
    }
    pthread_mutex_unlock(&hook.lock);
    if (room && at_once)
        stub_hook_answer(at_once);
    return room ? 0 : -1;
}

HookStats hook_client_stats(HookClient *client)
{
    (void)client;
    pthread_mutex_lock(&hook.lock);
    HookStats stats = hook.stats;
    stats.waiting = hook.waiting;
    pthread_mutex_unlock(&hook.lock);
    return stats;
}

size_t stub_hook_waiting(void)
{
    pthread_mutex_lock(&hook.lock);
    size_t waiting = hook.waiting;
    pthread_mutex_unlock(&hook.lock);
    return waiting;
}

const char *stub_hook_asked(void)
{
    pthread_mutex_lock(&hook.lock); /* another thread may just have asked */
    const char *asked = hook.asked;
    pthread_mutex_unlock(&hook.lock);
    return asked;
}

bool stub_hook_answer(const char *json)
{
    HookAnswer answer;

    hook_answer_read(200, json, strlen(json), &answer);
    return tell(&answer);
}

bool stub_hook_fail(AdmissionVerdict verdict)
{
    HookAnswer answer = hook_answer_without(verdict, "the test says so");

    return tell(&answer);
}

void stub_hook_answer_at_once(const char *json)
{
    hook.at_once = json;
}
