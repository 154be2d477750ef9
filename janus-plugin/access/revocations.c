/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access/revocations.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "settings_reader.h"

#define LINE_SIZE (REQUEST_ID_MAX + 8) /* of a rule that we write; one of a stream is shorter */
#define FILE_MAX  ((gsize)REVOCATIONS_MAX * LINE_SIZE) /* bytes */

/* Some rules. */
typedef struct Rules {
    GHashTable *ids;     /* a set */
    GHashTable *streams; /* name -> int64_t *, seconds since 1970 */
} Rules;

struct Revocations {
    pthread_mutex_t file_lock; /* held while the file is read or written; taken before `lock` */
    char *path;                /* of the file; guarded by `file_lock` */
    pthread_mutex_t lock;
    Rules file; /* all that are in the file, or were to be written into it */
    Rules told;
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

    pthread_mutex_init(&self->file_lock, NULL);
    pthread_mutex_init(&self->lock, NULL);
    self->path = g_strdup("");
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
    pthread_mutex_destroy(&(*self)->file_lock);
    g_free((*self)->path);
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
    if (!is_id(id) || (count(rules) >= REVOCATIONS_MAX && !g_hash_table_contains(rules->ids, id)))
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

/* Gives up the rules of the file that was loaded before. */
static void take_file(Revocations *self, const char *file, const Rules *rules)
{
    pthread_mutex_lock(&self->lock);
    Rules before = self->file;
    self->file = *rules;
    pthread_mutex_unlock(&self->lock);
    free_rules(&before);
    g_free(self->path);
    self->path = g_strdup(file);
}

int revocations_load(Revocations *self, const char *file, char *error)
{
    Rules rules = new_rules();

    pthread_mutex_lock(&self->file_lock);
    int status = file[0] ? read_rules(file, &rules, error) : 0;
    if (status == 0)
        take_file(self, file, &rules);
    else
        free_rules(&rules);
    pthread_mutex_unlock(&self->file_lock);
    return status;
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
    char text[LINE_SIZE + 2];

    if (fd < 0)
        return complain(error, file, g_strerror(errno));
    int len = snprintf(text, sizeof(text), "%s%s\n", ends_within_line(fd, size) ? "\n" : "", line);
    if (size + len >= (off_t)FILE_MAX) { /* read_rules() would refuse it */
        close(fd);
        return complain(error, file, "it is full: take old rules out");
    }
    ssize_t written = write(fd, text, (size_t)len);
    if (written >= 0 && written < len)
        errno = ENOSPC;
    int failed = written == len && fsync(fd) == 0 ? 0 : complain(error, file, g_strerror(errno));
    if (written > 0 && written < len && ftruncate(fd, size) < 0) /* half a rule spoils the file */
        complain(error, file, "the disk is full, and its last line is cut: take that out");
    close(fd);
    return failed;
}

/* `line` is a rule, without its end. */
static int note(Revocations *self, const char *line, char *error)
{
    char copy[LINE_SIZE];
    int status;

    g_strlcpy(copy, line, sizeof(copy));
    pthread_mutex_lock(&self->file_lock);
    pthread_mutex_lock(&self->lock);
    bool fits = take_line(&self->file, copy);
    pthread_mutex_unlock(&self->lock);
    if (!self->path[0])
        status = complain(error, "tokens.revoked_file", "it is not set");
    else if (!fits)
        status = complain(error, self->path, "it has 100000 rules: take old ones out");
    else
        status = append(self->path, line, error);
    pthread_mutex_unlock(&self->file_lock);
    return status;
}

int revocations_note_id(Revocations *self, const char *id, char *error)
{
    char line[LINE_SIZE];

    snprintf(line, sizeof(line), "id %s", id);
    return note(self, line, error);
}

int revocations_note_stream(Revocations *self, const char *stream, int64_t before, char *error)
{
    char line[LINE_SIZE];

    snprintf(line, sizeof(line), "stream %s %lld", stream, (long long)before);
    return note(self, line, error);
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
