/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Streams look at who watches while others begin and end: each look may tell any of them. */

#include "harness.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "hls-bridge/stream/audience.h"
#include "hls-bridge/transcode/rung_demand.h"
#include "temp_folder.h"

#define STREAMS 4
#define TIMES   200

static char root[TEMP_FOLDER_SIZE];
static FolderReaders *readers;

static void read_list(int stream)
{
    char path[TEMP_FOLDER_SIZE + 40];

    snprintf(path, sizeof(path), "%s/s%d/video-480p.m3u8", root, stream);
    int fd = open(path, O_RDONLY | O_CREAT, 0644);
    assert_true(fd >= 0);
    close(fd);
}

/* A stream whose publishers come and go. Returns how many of them had a viewer. */
static void *run(void *data)
{
    static const char *const names[] = {"480p"};
    int stream = *(int *)data;
    int64_t asked_us[AUDIENCE_MAX];
    char name[8];
    size_t seen = 0;

    snprintf(name, sizeof(name), "s%d", stream);
    for (int64_t i = 1; i <= TIMES; i++) {
        Audience *a = audience_create(&(AudienceParams){readers, NULL, root}, name, names, 1);
        assert_non_null(a);
        read_list(stream);
        audience_look(a, i, asked_us); /* another one's may have told of it before */
        seen += asked_us[0] != RUNG_NEVER_ASKED;
        audience_destroy(&a);
    }
    return (void *)seen;
}

static void *ask(void *data)
{
    (void)data;
    for (int i = 0; i < STREAMS * TIMES; i++) /* far fewer than the kernel keeps */
        read_list(i % STREAMS);
    return NULL;
}

static void streams_look_for_each_other(void **state)
{
    pthread_t stream[STREAMS], viewer;
    int number[STREAMS];
    char path[TEMP_FOLDER_SIZE + 8];
    void *seen;

    (void)state;
    temp_folder(root);
    for (int i = 0; i < STREAMS; i++) {
        number[i] = i;
        snprintf(path, sizeof(path), "%s/s%d", root, i);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    readers = folder_readers_create();
    assert_non_null(readers);
    assert_int_equal(pthread_create(&viewer, NULL, ask, NULL), 0);
    for (int i = 0; i < STREAMS; i++)
        assert_int_equal(pthread_create(&stream[i], NULL, run, &number[i]), 0);
    for (int i = 0; i < STREAMS; i++) {
        assert_int_equal(pthread_join(stream[i], &seen), 0);
        assert_int_equal((size_t)seen, TIMES);
    }
    pthread_join(viewer, NULL);
    folder_readers_destroy(&readers);
    temp_folder_remove(root);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(streams_look_for_each_other),
};

TEST_GROUP(audience_threads, tests);
