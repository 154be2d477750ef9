/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <sys/wait.h>

#include "hls-bridge/parts.h"

#define STATUS 7 /* that the bridge is to end with */

/* The part that does not end. */
static enum { NONE, EVENTS, LIST } hangs;

void __wrap_event_queue_destroy(EventQueue **queue);
void __wrap_event_queue_destroy(EventQueue **queue)
{
    (void)queue;
    while (hangs == EVENTS)
        pause();
}

void __wrap_public_list_destroy(PublicList **list);
void __wrap_public_list_destroy(PublicList **list)
{
    (void)list;
    while (hangs == LIST)
        pause();
}

/* What a bridge says that stops, in a process of its own, which must end with `status`. */
static void said_at_stop(int status, char *text, size_t size)
{
    int ends[2], ended;
    size_t len = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        Parts parts = {0};
        dup2(ends[1], STDERR_FILENO);
        parts_stop(&parts, STATUS);
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t n = 1; n > 0; len += (size_t)n) {
        n = read(ends[0], text + len, size - 1 - len);
        assert_true(n >= 0);
    }
    text[len] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), status);
}

static void assert_says(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("\"%s\" is not in \"%s\"", what, text);
}

static void all_end(void **state)
{
    char text[512];

    (void)state;
    hangs = NONE;
    said_at_stop(0, text, sizeof(text));
    assert_string_equal(text, "");
}

static void a_disk_hangs(void **state)
{
    char text[512];

    (void)state;
    hangs = LIST;
    said_at_stop(STATUS, text, sizeof(text));
    assert_says(text, "a disk holds up what is still to be written: the bridge ends without it");
}

static void a_slow_receiver_of_events_is_named(void **state)
{
    char text[512];

    (void)state;
    hangs = EVENTS;
    said_at_stop(STATUS, text, sizeof(text));
    assert_says(text,
                "a server or a disk holds up the events that are still to be told: "
                "the bridge ends without it");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_end),
    cmocka_unit_test(a_disk_hangs),
    cmocka_unit_test(a_slow_receiver_of_events_is_named),
};

TEST_GROUP(parts, tests);
