/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access/revocations.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "settings_reader.h"

#define FILE_MAX ((gsize)REVOCATIONS_MAX * (REQUEST_ID_MAX + 8)) /* bytes */

/* Some rules. */
typedef struct Rules {
    GHashTable *ids;     /* a set */
    GHashTable *streams; /* name -> int64_t *, seconds since 1970 */
} Rules;

struct Revocations {
    pthread_mutex_t lock;
    Rules file, told;
};

static Rules new_rules(void)
{
    return (Rules){g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                   g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
}

static void free_rules(Rules *rules)
{
    g_hash_table_destroy(rules->ids);
    g_hash_table_destroy(rules->streams);
}

static size_t count(const Rules *rules)
{
    return g_hash_table_size(rules->ids) + g_hash_table_size(rules->streams);
}

Revocations *revocations_create(void)
{
    Revocations *self = g_new0(Revocations, 1);

    pthread_mutex_init(&self->lock, NULL);
    self->file = new_rules();
    self->told = new_rules();
    return self;
}

void revocations_destroy(Revocations **self)
{
    if (!*self)
        return;
    free_rules(&(*self)->file);
    free_rules(&(*self)->told);
    pthread_mutex_destroy(&(*self)->lock);
    g_free(*self);
    *self = NULL;
}

/* ---- rules ---- */

/* Whether an ID can be written in a line. */
static bool is_id(const char *id)
{
    size_t len = strlen(id);

    for (size_t i = 0; i < len; i++)
        if (id[i] <= ' ' || id[i] > '~' || id[i] == '#')
            return false;
    return len > 0 && len <= REQUEST_ID_MAX;
}

static int add_id(Rules *rules, const char *id)
{
    if (!is_id(id) || count(rules) >= REVOCATIONS_MAX)
        return -1;
    g_hash_table_add(rules->ids, g_strdup(id));
    return 0;
}

/* The latest time of a name is what counts. */
static int add_stream(Rules *rules, const char *stream, int64_t before)
{
    int64_t *known = g_hash_table_lookup(rules->streams, stream);

    if (known) {
        *known = MAX(*known, before);
        return 0;
    }
    if (count(rules) >= REVOCATIONS_MAX)
        return -1;
    g_hash_table_insert(rules->streams, g_strdup(stream), g_memdup2(&before, sizeof(before)));
    return 0;
}

static bool is_before(const Rules *rules, const char *stream, int64_t issued)
{
    const int64_t *before = g_hash_table_lookup(rules->streams, stream);

    return before && issued < *before;
}

static bool has(const Rules *rules, const Permit *permit)
{
    return (permit->id[0] && g_hash_table_contains(rules->ids, permit->id)) ||
           is_before(rules, permit->name, permit->issued) ||
           is_before(rules, permit->shown_for, permit->issued) ||
           is_before(rules, "*", permit->issued);
}

/* ---- files ---- */

static bool is_stream(const char *name)
{
    return strcmp(name, "*") == 0 || stream_name_valid(name);
}

/* Takes one line, without its end. Returns whether it is a rule, or empty. */
static bool take_line(Rules *rules, char *line)
{
    char *words[4] = {NULL}, *rest = NULL, *end;
    size_t n = 0;

    line[strcspn(line, "#")] = '\0';
    for (char *word = strtok_r(line, " \t\r", &rest); word && n < G_N_ELEMENTS(words);
         word = strtok_r(NULL, " \t\r", &rest))
        words[n++] = word;
    if (n == 0)
        return true;
    if (n == 2 && strcmp(words[0], "id") == 0)
        return add_id(rules, words[1]) == 0;
    if (n != 3 || strcmp(words[0], "stream") != 0 || !is_stream(words[1]))
        return false;
    gint64 before = g_ascii_strtoll(words[2], &end, 10);
    return *end == '\0' && before > 0 && add_stream(rules, words[1], before) == 0;
}

static int complain(char *error, const char *file, const char *what)
{
    snprintf(error, SETTINGS_ERROR_SIZE, "%s: %s", file, what);
    return -1;
}

static int read_rules(const char *file, Rules *rules, char *error)
{
    GError *wrong = NULL;
    char *text = NULL, *rest;
    gsize len;
    int number = 1;

    if (!g_file_get_contents(file, &text, &len, &wrong)) {
        complain(error, file, g_strerror(errno));
        g_error_free(wrong);
        return -1;
    }
    bool good = len < FILE_MAX && strlen(text) == len;
    for (char *line = text; good && *line; number++) {
        rest = line + strcspn(line, "\n");
        char *next = *rest ? rest + 1 : rest;
        *rest = '\0';
        good = take_line(rules, line);
        line = next;
        if (!good)
            break;
    }
    g_free(text);
    if (good)
        return 0;
    snprintf(error, SETTINGS_ERROR_SIZE,
             "%s:%d: a rule is \"id ID\" or \"stream NAME SECONDS\" (NAME may be *), and there are "
             "100000 at the most",
             file, number);
    return -1;
}

int revocations_load(Revocations *self, const char *file, char *error)
{
    Rules rules = new_rules();

    if (file[0] && read_rules(file, &rules, error) < 0) {
        free_rules(&rules);
        return -1;
    }
    pthread_mutex_lock(&self->lock);
    Rules before = self->file;
    self->file = rules;
    pthread_mutex_unlock(&self->lock);
    free_rules(&before);
    return 0;
}

/* Whether the next line would begin within the last one, which an editor has left without its end.
 */
static bool ends_within_line(int fd, off_t size)
{
    char last;

    return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

/* One write, so that two do not mix; and on the disk before the operator hears of it. */
static int append(const char *file, const char *line, char *error)
{
    int fd = open(file, O_RDWR | O_APPEND | O_CLOEXEC);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

    if (fd < 0)
        return complain(error, file, g_strerror(errno));
    const char *start = ends_within_line(fd, size) ? "\n" : "";
    const struct iovec parts[] = {{(void *)start, strlen(start)}, {(void *)line, strlen(line)}};
    ssize_t written = writev(fd, parts, 2);
    bool whole = written == (ssize_t)(parts[0].iov_len + parts[1].iov_len);
    int failed = whole && fsync(fd) == 0 ? 0 : complain(error, file, g_strerror(errno));
    if (written > 0 && !whole && ftruncate(fd, size) < 0) /* half a rule spoils all the file */
        complain(error, file, "the disk is full, and its last line is cut: take that out");
    close(fd);
    return failed;
}

int revocations_note_id(const char *file, const char *id, char *error)
{
    char line[REQUEST_ID_MAX + 8];

    snprintf(line, sizeof(line), "id %s\n", id);
    return append(file, line, error);
}

int revocations_note_stream(const char *file, const char *stream, int64_t before, char *error)
{
    char line[STREAM_NAME_MAX + 40];

    snprintf(line, sizeof(line), "stream %s %lld\n", stream, (long long)before);
    return append(file, line, error);
}

/* ---- what is asked ---- */

int revocations_add_id(Revocations *self, const char *id)
{
    pthread_mutex_lock(&self->lock);
    int status = add_id(&self->told, id);
    pthread_mutex_unlock(&self->lock);
    return status;
}

int revocations_add_stream(Revocations *self, const char *stream, int64_t before)
{
    pthread_mutex_lock(&self->lock);
    int status = add_stream(&self->told, stream, before);
    pthread_mutex_unlock(&self->lock);
    return status;
}

bool revocations_has(Revocations *self, const Permit *permit)
{
    if (!permit->by_token)
        return false;
    pthread_mutex_lock(&self->lock);
    bool revoked = has(&self->file, permit) || has(&self->told, permit);
    pthread_mutex_unlock(&self->lock);
    return revoked;
}

size_t revocations_count(Revocations *self)
{
    pthread_mutex_lock(&self->lock);
    size_t n = count(&self->file) + count(&self->told);
    pthread_mutex_unlock(&self->lock);
    return n;
}
