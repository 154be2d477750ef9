/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample_file.h"
#include "temp_folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "hls-bridge/stream/bridge_settings.h"
#include "settings_reader.h"

#define SAMPLE SOURCE_DIR "/hls-bridge/hls-bridge.jcfg.sample"

/* The defaults are what the sample says that they are. */
static void check_defaults(const BridgeSettings *got)
{
    const BridgeSettings d = bridge_settings_defaults();

    assert_string_equal(got->directory, "/var/lib/hls-bridge");
    assert_int_equal(got->segment_us, d.segment_us);
    assert_int_equal(got->window, d.window);
    assert_int_equal(got->hold_us, d.hold_us);
    assert_int_equal(got->keep_us, d.keep_us);
    assert_int_equal(got->ll_connections, d.ll_connections);
    assert_int_equal(got->ll_timeout_us, d.ll_timeout_us);
    assert_int_equal(got->ll_memory, d.ll_memory);
    assert_int_equal(got->ll_wait_us, d.ll_wait_us);
    assert_int_equal(got->restart_us, d.restart_us);
    assert_int_equal(got->files_per_s, d.files_per_s);
    assert_int_equal(got->ll_dash, d.ll_dash);
    assert_string_equal(got->ll_socket, d.ll_socket);
    assert_int_equal(got->source_timeout_us, d.source_timeout_us);
    assert_int_equal(got->backlog, d.backlog);
    assert_int_equal(got->audio_bitrate, d.audio_bitrate);
    assert_int_equal(got->low_bitrate, d.low_bitrate);
    assert_string_equal(got->language, d.language);
    assert_string_equal(got->ll_profile, d.ll_profile);
    assert_int_equal(got->ll_part_us, d.ll_part_us);
    assert_string_equal(got->control_address, d.control_address);
    assert_int_equal(got->control_port, d.control_port);
    assert_string_equal(got->control_listen, d.control_listen);
    assert_string_equal(got->control_token_file, d.control_token_file);
    assert_string_equal(got->control.hosts, d.control.hosts);
    assert_string_equal(got->control.origins, d.control.origins);
    assert_int_equal(got->max_streams, d.max_streams);
    assert_int_equal(got->max_held, d.max_held);
    assert_int_equal(got->max_ended, d.max_ended);
    assert_int_equal(got->max_names, d.max_names);
    assert_int_equal(got->source_bitrate, d.source_bitrate);
    assert_int_equal(got->bandwidth_mbit, d.bandwidth_mbit);
    assert_string_equal(got->ladder, d.ladder);
    assert_string_equal(got->ladders, d.ladders);
    assert_string_equal(got->transcode_when, d.transcode_when);
    assert_int_equal(got->transcode_idle_us, d.transcode_idle_us);
    assert_string_equal(got->encoder, d.encoder);
    assert_int_equal(got->encoders, d.encoders);
    assert_int_equal(got->encoders_each, d.encoders_each);
    assert_int_equal(got->encoder_threads, d.encoder_threads);
    assert_int_equal(got->transcoder_mib, d.transcoder_mib);
    assert_string_equal(got->transcoder, d.transcoder);
    assert_string_equal(got->encryption_method, d.encryption_method);
    assert_string_equal(got->encryption_streams, d.encryption_streams);
    assert_int_equal(got->encryption_rotate, d.encryption_rotate);
    assert_string_equal(got->encryption_directory, d.encryption_directory);
    assert_string_equal(got->encryption_key_uri, d.encryption_key_uri);
    assert_string_equal(got->keys.url, d.keys.url);
    assert_string_equal(got->keys.systems, d.keys.systems);
    assert_string_equal(got->keys.header_file, d.keys.header_file);
    assert_string_equal(got->keys.secret_file, d.keys.secret_file);
    assert_int_equal(got->keys.timeout_us, d.keys.timeout_us);
    assert_string_equal(got->keys.away, d.keys.away);
    assert_int_equal(got->encryption_thumbnails, d.encryption_thumbnails);
    assert_string_equal(got->playback.url, d.playback.url);
    assert_string_equal(got->playback.secret_file, d.playback.secret_file);
    assert_int_equal(got->playback.timeout_us, d.playback.timeout_us);
    assert_int_equal(got->playback.retries, d.playback.retries);
    assert_string_equal(got->playback.on_timeout, d.playback.on_timeout);
    assert_string_equal(got->playback.on_unreachable, d.playback.on_unreachable);
    assert_int_equal(got->playback.keep_us, d.playback.keep_us);
    assert_int_equal(got->playback.sessions, d.playback.sessions);
    assert_int_equal(got->playback.waiting, d.playback.waiting);
    assert_int_equal(got->playback.connections, d.playback.connections);
    assert_string_equal(got->playback.address, d.playback.address);
    assert_int_equal(got->playback.port, d.playback.port);
    assert_string_equal(got->events_janus, d.events_janus);
    assert_string_equal(got->events_emitter, d.events_emitter);
    assert_int_equal(got->events_queue, d.events_queue);
    assert_int_equal(got->events_file, d.events_file);
    assert_string_equal(got->events_directory, d.events_directory);
    assert_int_equal(got->webhooks.count, 0);
    assert_int_equal(got->webhook_limits.bytes, d.webhook_limits.bytes);
    assert_int_equal(got->webhook_limits.age_us, d.webhook_limits.age_us);
    assert_int_equal(got->webhook_limits.tries, d.webhook_limits.tries);
    assert_int_equal(got->webhook_limits.pause_us, d.webhook_limits.pause_us);
    assert_int_equal(got->webhook_limits.timeout_us, d.webhook_limits.timeout_us);
}

static void takes_its_sample(void **state)
{
    BridgeSettings settings = bridge_settings_defaults();
    char error[SETTINGS_ERROR_SIZE] = "";

    (void)state;
    assert_row(bridge_settings_read(SAMPLE, &settings, error) == 0, SAMPLE, "%s", error);
    check_defaults(&settings);
}

static void the_sample_shows_the_defaults(void **state)
{
    BridgeSettings settings = {0};
    char path[TEMP_FILE_SIZE], error[SETTINGS_ERROR_SIZE] = "";
    size_t keys = sample_in_force(SAMPLE, path);
    int status = bridge_settings_read(path, &settings, error);

    (void)state;
    unlink(path);
    assert_row(status == 0, SAMPLE, "%s", error);
    assert_true(keys > 0);
    check_defaults(&settings); /* nothing of it was there before */
}

/* Settings are taken, or refused for what is `wrong`; NULL: they are taken. */
static void check(BridgeSettings *settings, const char *row, const char *wrong)
{
    char error[SETTINGS_ERROR_SIZE] = "";
    int status = bridge_settings_check(settings, error);

    assert_row(status == (wrong ? -1 : 0), row, "%d %s", status, error);
    assert_row(!wrong || strstr(error, wrong), row, "%s", error);
}

static void refuses_what_a_range_cannot_tell(void **state)
{
    char token[TEMP_FILE_SIZE], folder[TEMP_FOLDER_SIZE];
    const struct {
        const char *address, *listen, *token, *error; /* NULL: taken */
    } rows[] = {
        {"127.0.0.1", "", "", NULL},
        {"127.255.0.9", "", "", NULL},
        {"0.0.0.0", "", "", "is not a loopback address"},
        {"10.0.0.1", "", "", "so set control.token_file"},
        {"10.0.0.1", "", token, NULL},
        {"127.0.0.1", "", token, NULL},
        {"127.0.0.1", "", "/nowhere/token", "control.token_file /nowhere/token: No such file"},
        {"localhost", "", "", "is not an IPv4 address"},
        {"127.0.0.1", "unix:/run/x.sock", "", NULL},
        {"127.0.0.1", "unix:x.sock", "", "must be a Unix socket"},
        {"127.0.0.1", "127.0.0.1:8190", "", "must be a Unix socket"},
        {"127.0.0.1", "unix:", "", "must be a Unix socket"},
    };

    (void)state;
    temp_folder(folder);
    temp_file(token, "0123456789abcdef\n");
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings settings = bridge_settings_defaults();
        snprintf(settings.control_address, sizeof(settings.control_address), "%s", rows[i].address);
        snprintf(settings.control_listen, sizeof(settings.control_listen), "%s", rows[i].listen);
        snprintf(settings.control_token_file, sizeof(settings.control_token_file), "%s",
                 rows[i].token);
        snprintf(settings.directory, sizeof(settings.directory), "%s", folder);
        check(&settings, rows[i].address, rows[i].error);
        if (!rows[i].error)
            assert_string_equal(settings.control.token, *rows[i].token ? "0123456789abcdef" : "");
    }
    unlink(token);
    temp_folder_remove(folder);
}

static void refuses_events_for_nobody(void **state)
{
    static const struct {
        const char *janus;
        bool taken;
    } rows[] = {
        {"", true},          {"file:/tmp/x", true}, {"http://127.0.0.1:8888/x", true},
        {"https://x", true}, {"file:x", false},     {"/tmp/x", false},
        {"udp://x", false},  {"FILE:/x", false},
    };
    char folder[TEMP_FOLDER_SIZE];

    (void)state;
    temp_folder(folder);
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings settings = bridge_settings_defaults();
        snprintf(settings.directory, sizeof(settings.directory), "%s", folder);
        snprintf(settings.events_janus, sizeof(settings.events_janus), "%s", rows[i].janus);
        check(&settings, rows[i].janus, rows[i].taken ? NULL : "events.janus must be");
    }
    temp_folder_remove(folder);
}

/* Reads a file with these webhooks. */
static int read_webhooks(const char *groups, BridgeSettings *settings, char *error)
{
    char path[TEMP_FILE_SIZE], text[4096];

    *settings = bridge_settings_defaults();
    snprintf(text, sizeof(text), "hls: { directory = \"/tmp/x\" }\nevents: { webhooks: { %s } }\n",
             groups);
    temp_file(path, text);
    int status = bridge_settings_read(path, settings, error);
    unlink(path);
    return status;
}

static void reads_webhooks(void **state)
{
    static const struct {
        const char *groups, *error; /* NULL: taken */
    } rows[] = {
        {"a: { url = \"https://x/y\" secret_file = \"/s\" events = \"live, ended\" "
         "streams = \"shop, class-*\" } b: { url = \"http://x\" }",
         NULL},
        {"a: { url = \"ftp://x\" }", "events.webhooks.a.url: must begin with"},
        {"a: { url = true }", "must be a string"},
        {"a: { uri = \"http://x\" }", "is not a key of a webhook"},
        {"a: { events = \"alive\" }", "an event that there is not"},
        {"a: { streams = \"a/b\" }", "must be names of streams"},
        {"a123456789012345678901234567890123: { url = \"http://x\" }", "the name of a webhook"},
        {"a: {url=\"http://x\"} b: {url=\"http://x\"} c: {url=\"http://x\"} d: {url=\"http://x\"} "
         "e: {url=\"http://x\"} f: {url=\"http://x\"} g: {url=\"http://x\"} h: {url=\"http://x\"} "
         "i: {url=\"http://x\"}",
         "there may be 8 webhooks"},
    };
    static BridgeSettings settings;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char error[SETTINGS_ERROR_SIZE] = "";
        int status = read_webhooks(rows[i].groups, &settings, error);
        assert_row(status == (rows[i].error ? -1 : 0), rows[i].groups, "%d %s", status, error);
        if (rows[i].error)
            assert_row(strstr(error, rows[i].error), rows[i].groups, "%s", error);
    }
    char error[SETTINGS_ERROR_SIZE];
    assert_int_equal(read_webhooks(rows[0].groups, &settings, error), 0);
    assert_int_equal(settings.webhooks.count, 2);
    const WebhookTarget *first = &settings.webhooks.target[0];
    assert_string_equal(first->name, "a");
    assert_string_equal(first->url, "https://x/y");
    assert_string_equal(first->secret_file, "/s");
    assert_true(event_filter_takes(&first->filter, &(Event){EVENT_LIVE, .stream = "class-1"}));
    assert_false(event_filter_takes(&first->filter, &(Event){EVENT_HELD, .stream = "class-1"}));
    assert_string_equal(settings.webhooks.target[1].name, "b");
}

static void a_webhook_needs_a_secret_and_a_folder(void **state)
{
    char folder[TEMP_FOLDER_SIZE], secret[TEMP_FILE_SIZE], queues[TEMP_FOLDER_SIZE + 8],
        inside[TEMP_FOLDER_SIZE + 8], link_to[TEMP_FOLDER_SIZE + 8], linked[TEMP_FOLDER_SIZE + 16];
    const struct {
        const char *url, *secret, *queues, *error; /* NULL: taken */
    } rows[] = {
        {"http://x", secret, queues, NULL},
        {"", secret, queues, "events.webhooks.a.url is missing"},
        {"http://x", "", queues, "events.webhooks.a.secret_file is missing"},
        {"http://x", "/nowhere/x", queues, "events.webhooks.a.secret_file /nowhere/x: No such"},
        {"http://x", secret, "/nowhere/x", "events.directory /nowhere/x cannot be made"},
        {"http://x", secret, folder, "events.directory lies in hls.directory"},
        {"http://x", secret, inside, "events.directory lies in hls.directory"},
        {"http://x", secret, linked, "events.directory lies in hls.directory"},
    };
    struct stat is;

    (void)state;
    temp_folder(folder);
    temp_file(secret, "0123456789abcdef\n");
    snprintf(queues, sizeof(queues), "%s-q", folder);
    snprintf(inside, sizeof(inside), "%s/q", folder);
    snprintf(link_to, sizeof(link_to), "%s-l", folder);
    snprintf(linked, sizeof(linked), "%s/q", link_to);
    assert_int_equal(symlink(folder, link_to), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings settings = bridge_settings_defaults();
        WebhookTarget *target = &settings.webhooks.target[0];
        settings.webhooks.count = 1;
        snprintf(target->name, sizeof(target->name), "a");
        snprintf(target->url, sizeof(target->url), "%s", rows[i].url);
        snprintf(target->secret_file, sizeof(target->secret_file), "%s", rows[i].secret);
        snprintf(settings.events_directory, sizeof(settings.events_directory), "%s",
                 rows[i].queues);
        snprintf(settings.directory, sizeof(settings.directory), "%s", folder);
        check(&settings, rows[i].queues, rows[i].error);
    }
    assert_int_equal(stat(queues, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0700);
    unlink(secret);
    unlink(link_to);
    temp_folder_remove(queues);
    temp_folder_remove(folder);
}

/* The length of parts is the profile's, unless it is given; a segment of 2 s bounds both. */
static void parts_are_as_long_as_the_profile_has_them(void **state)
{
    static const struct {
        const char *profile;
        int64_t given_ms, segment_ms, part_ms; /* part: -1: refused */
    } rows[] = {
        {"near", 0, 2000, 100},     {"default", 0, 2000, 200}, {"far", 0, 2000, 1000},
        {"near", 500, 2000, 500},   {"far", 100, 2000, 100},   {"far", 0, 1000, 500},
        {"near", 0, 20000, 250},    {"", 0, 2000, -1},         {"Near", 0, 2000, -1},
        {"nearest", 200, 2000, -1}, {"near", 99, 2000, -1},
    };
    char folder[TEMP_FOLDER_SIZE];

    (void)state;
    temp_folder(folder);
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings settings = bridge_settings_defaults();
        snprintf(settings.directory, sizeof(settings.directory), "%s", folder);
        snprintf(settings.ll_profile, sizeof(settings.ll_profile), "%s", rows[i].profile);
        settings.ll_part_us = rows[i].given_ms * US_PER_MS;
        settings.segment_us = rows[i].segment_ms * US_PER_MS;
        check(&settings, rows[i].profile, rows[i].part_ms < 0 ? "ll.p" : NULL);
        if (rows[i].part_ms >= 0)
            assert_int_equal(bridge_settings_part_us(&settings), rows[i].part_ms * US_PER_MS);
    }
    temp_folder_remove(folder);
}

static void takes_a_language_that_can_be_one(void **state)
{
    static const struct {
        const char *language;
        bool taken;
    } rows[] = {
        {"und", true},  {"en", true},    {"pt-BR", true},  {"zh-Hant-HK", true}, {"-en", false},
        {"en-", false}, {"e--n", false}, {"en_GB", false}, {"e\"n", false},      {"", false},
    };
    char folder[TEMP_FOLDER_SIZE];

    (void)state;
    temp_folder(folder);
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings settings = bridge_settings_defaults();
        snprintf(settings.directory, sizeof(settings.directory), "%s", folder);
        snprintf(settings.language, sizeof(settings.language), "%s", rows[i].language);
        check(&settings, rows[i].language, rows[i].taken ? NULL : "audio.language");
    }
    temp_folder_remove(folder);
}

/* Keys are in a folder that nobody fetches from. */
static void encryption_wants_a_folder_of_its_own(void **state)
{
    static const struct {
        const char *name, *method, *hls, *keys, *uri, *error; /* NULL: it is taken */
    } rows[] = {
        {"off", "none", "hls", "hls", "", NULL},
        {"on", "aes-128", "hls", "keys", "", NULL},
        {"a key server", "aes-128", "hls", "keys", "https://keys.example/{stream}/{id}", NULL},
        {"samples", "cbcs", "hls", "keys", "skd://{id}", NULL},
        {"what there is not", "aes-256", "hls", "keys", "", "encryption.method"},
        {"no ID", "aes-128", "hls", "keys", "https://keys.example/", "encryption.key_uri"},
        {"an address though it is off", "none", "hls", "keys", "key", "encryption.key_uri"},
        {"the same folder", "aes-128", "hls", "hls", "", "encryption.directory"},
        {"within", "aes-128", "hls", "hls/keys", "", "encryption.directory"},
        {"around", "aes-128", "keys/hls", "keys", "", "encryption.directory"},
        {"no such folder", "aes-128", "hls", "none/keys", "", "encryption.directory"},
    };
    char root[TEMP_FOLDER_SIZE];

    (void)state;
    temp_folder(root);
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings settings = bridge_settings_defaults();
        snprintf(settings.encryption_method, sizeof(settings.encryption_method), "%s",
                 rows[i].method);
        snprintf(settings.directory, sizeof(settings.directory), "%s/%s", root, rows[i].hls);
        snprintf(settings.encryption_directory, sizeof(settings.encryption_directory), "%s/%s",
                 root, rows[i].keys);
        snprintf(settings.encryption_key_uri, sizeof(settings.encryption_key_uri), "%s",
                 rows[i].uri);
        check(&settings, rows[i].name, rows[i].error);
    }
    temp_folder_remove(root);
}

/* What single streams are to have wants the same of the other settings. */
static void each_stream_may_have_a_method(void **state)
{
    static const struct {
        const char *method, *streams, *keys, *server, *error; /* error NULL: it is taken */
    } rows[] = {
        {"none", "shop = cbcs; class-* = aes-128; radio=none", "keys", "", NULL},
        {"none", "shop = none", "hls", "", NULL},
        {"none", "shop = aes-128", "hls", "", "encryption.directory"},
        {"none", "shop = cbcs", "hls/keys", "", "encryption.directory"},
        {"none", "shop", "keys", "", "encryption.streams: write it as"},
        {"none", "a shop = cbcs", "keys", "", "encryption.streams: before"},
        {"none", "shop = ", "keys", "", "encryption.streams: shop: \"\" must be"},
        {"none", "shop = cbcs; tv = cbc", "keys", "", "encryption.streams: tv: \"cbc\" must be"},
        {"none", "shop = cbcs", "keys", "https://drm.example/", NULL},
        {"aes-128", "shop = none", "keys", "https://drm.example/", "encryption.key_server"},
    };
    char root[TEMP_FOLDER_SIZE];

    (void)state;
    temp_folder(root);
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings s = bridge_settings_defaults();
        snprintf(s.directory, sizeof(s.directory), "%s/hls", root);
        snprintf(s.encryption_directory, sizeof(s.encryption_directory), "%s/%s", root,
                 rows[i].keys);
        snprintf(s.encryption_method, sizeof(s.encryption_method), "%s", rows[i].method);
        snprintf(s.encryption_streams, sizeof(s.encryption_streams), "%s", rows[i].streams);
        snprintf(s.keys.url, sizeof(s.keys.url), "%s", rows[i].server);
        s.writes_ts = false;
        check(&s, rows[i].streams, rows[i].error);
    }
    temp_folder_remove(root);
}

static void a_key_server_wants_others_to_fit(void **state)
{
    static const struct {
        const char *name, *url, *systems, *method, *away, *uri;
        bool ts;
        int64_t rotate;
        const char *error; /* NULL: it is taken */
    } rows[] = {
        {"as it should be", "https://drm.example/cpix", "widevine", "cbcs", "keep", "", false, 0,
         NULL},
        {"on this machine", "http://127.0.0.1:80/", "fairplay,playready", "cbcs", "stop", "", false,
         10, NULL},
        {"in clear", "http://drm.example/", "widevine", "cbcs", "keep", "", false, 0, "https://"},
        {"nearly this machine", "http://127.0.0.1.example/", "widevine", "cbcs", "keep", "", false,
         0, "https://"},
        {"a name that looks so", "http://127.0.0.1:80@drm.example/", "widevine", "cbcs", "keep", "",
         false, 0, "https://"},
        {"an unknown system", "https://d.example/", "marlin", "cbcs", "keep", "", false, 0,
         "encryption.systems"},
        {"no system", "https://d.example/", " , ", "cbcs", "keep", "", false, 0,
         "encryption.systems"},
        {"whole segments", "https://d.example/", "widevine", "aes-128", "keep", "", false, 0,
         "encryption.method"},
        {"in clear, too", "https://d.example/", "widevine", "none", "keep", "", false, 0,
         "encryption.method"},
        {"a way around", "https://d.example/", "widevine", "cbcs", "keep", "", true, 0, "hls.ts"},
        {"two places", "https://d.example/", "widevine", "cbcs", "keep", "skd://{id}", false, 0,
         "encryption.key_uri"},
        {"too often", "https://d.example/", "widevine", "cbcs", "keep", "", false, 9,
         "encryption.rotate_samples"},
        {"what else", "https://d.example/", "widevine", "cbcs", "clear", "", false, 0,
         "encryption.away"},
    };
    char root[TEMP_FOLDER_SIZE];

    (void)state;
    temp_folder(root);
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings s = bridge_settings_defaults();
        snprintf(s.directory, sizeof(s.directory), "%s/hls", root);
        snprintf(s.encryption_directory, sizeof(s.encryption_directory), "%s/keys", root);
        snprintf(s.encryption_method, sizeof(s.encryption_method), "%s", rows[i].method);
        snprintf(s.encryption_key_uri, sizeof(s.encryption_key_uri), "%s", rows[i].uri);
        snprintf(s.keys.url, sizeof(s.keys.url), "%s", rows[i].url);
        snprintf(s.keys.systems, sizeof(s.keys.systems), "%s", rows[i].systems);
        snprintf(s.keys.away, sizeof(s.keys.away), "%s", rows[i].away);
        s.writes_ts = rows[i].ts;
        s.samples_rotate = rows[i].rotate;
        check(&s, rows[i].name, rows[i].error);
        if (!rows[i].error && i == 0) {
            snprintf(s.keys.header_file, sizeof(s.keys.header_file), "%s/none", root);
            check(&s, "no such file", "header_file");
        }
    }
    temp_folder_remove(root);
}

static void a_webhook_for_viewers_has_a_secret(void **state)
{
    static const struct {
        const char *name, *url, *secret, *on_timeout, *on_unreachable, *address, *error;
    } rows[] = {
        {"off", "", "none", "deny", "allow", "127.0.0.1", NULL},
        {"as it should be", "https://shop.example/p", "good", "deny", "allow", "127.0.0.1", NULL},
        {"no secret", "https://shop.example/p", "", "deny", "deny", "127.0.0.1",
         "playback.secret_file is missing"},
        {"no such file", "http://127.0.0.1:1/", "none", "deny", "deny", "127.0.0.1",
         "playback.secret_file"},
        {"no URL", "shop.example", "good", "deny", "deny", "127.0.0.1", "playback.url"},
        {"no policy", "", "", "maybe", "deny", "127.0.0.1", "playback.on_timeout"},
        {"nor this", "", "", "deny", "", "127.0.0.1", "on_unreachable"},
        {"no address", "", "", "deny", "deny", "localhost", "playback.address"},
    };
    char root[TEMP_FOLDER_SIZE], file[TEMP_FOLDER_SIZE + 8];

    (void)state;
    temp_folder(root);
    snprintf(file, sizeof(file), "%s/good", root);
    int fd = open(file, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "0123456789abcdef\n", 17), 17);
    close(fd);
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings s = bridge_settings_defaults();
        BridgePlayback *p = &s.playback;
        snprintf(s.directory, sizeof(s.directory), "%s/hls", root);
        snprintf(p->url, sizeof(p->url), "%s", rows[i].url);
        snprintf(p->secret_file, sizeof(p->secret_file), "%s%s%s", *rows[i].secret ? root : "",
                 *rows[i].secret ? "/" : "", rows[i].secret);
        snprintf(p->on_timeout, sizeof(p->on_timeout), "%s", rows[i].on_timeout);
        snprintf(p->on_unreachable, sizeof(p->on_unreachable), "%s", rows[i].on_unreachable);
        snprintf(p->address, sizeof(p->address), "%s", rows[i].address);
        check(&s, rows[i].name, rows[i].error);
    }
    temp_folder_remove(root);
}

/* It stands in XML as it is. */
static void licences_have_an_address(void **state)
{
    static const struct {
        const char *uri;
        bool taken;
    } rows[] = {
        {"", true},
        {"https://keys.example/clearkey/{stream}/{id}", true},
        {"https://keys.example/clearkey", false},
        {"https://keys.example/?a=1&id={id}", false},
        {"/clearkey/{id}", false},
    };
    char folder[TEMP_FOLDER_SIZE];

    (void)state;
    temp_folder(folder);
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings settings = bridge_settings_defaults();
        snprintf(settings.directory, sizeof(settings.directory), "%s", folder);
        snprintf(settings.clearkey_uri, sizeof(settings.clearkey_uri), "%s", rows[i].uri);
        check(&settings, rows[i].uri, rows[i].taken ? NULL : "encryption.clearkey_uri");
    }
    temp_folder_remove(folder);
}

/* A ladder says more of its stream than audio.low_bitrate, which is for all. */
static void a_ladder_may_name_a_second_sound(void **state)
{
    static const struct {
        const char *name, *ladder, *ladders;
        int64_t low, is;
    } rows[] = {
        {"none", "480p:900k", "", 0, 0},
        {"of all streams", "480p:900k", "", 64000, 64000},
        {"of the ladder", "480p:900k, audio:48k", "", 64000, 48000},
        {"of its own ladder", "480p:900k, audio:48k", "tv = ; shop = 360p:500k, audio:32k", 0,
         32000},
        {"its own ladder has none", "480p:900k, audio:48k", "shop = 360p:500k", 64000, 64000},
        {"it has no ladder", "480p:900k, audio:48k", "shop =", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings settings = bridge_settings_defaults();
        snprintf(settings.ladder, sizeof(settings.ladder), "%s", rows[i].ladder);
        snprintf(settings.ladders, sizeof(settings.ladders), "%s", rows[i].ladders);
        settings.low_bitrate = rows[i].low;
        int64_t is = bridge_settings_low_bitrate(&settings, "shop");
        assert_row(is == rows[i].is, rows[i].name, "%lld", (long long)is);
    }
}

/* The folder must be one in which nobody else can put things, nor lead it elsewhere. */
static void refuses_a_folder_of_others(void **state)
{
    char root[TEMP_FOLDER_SIZE], link_to[TEMP_FOLDER_SIZE + 8], deep[TEMP_FOLDER_SIZE + 16];
    const struct {
        const char *below;
        mode_t mode;
        const char *error; /* NULL: taken */
    } rows[] = {
        {"", 0755, NULL},
        {"", 0700, NULL},
        {"", 0775, NULL},
        {"", 0777, "can be written by everybody"},
        {"", 01777, "can be written by everybody"},
        {"/link", 0755, "is a link"},
        {"/link//", 0755, "is a link"},
        {"/file", 0755, "is not a folder"},
        {"/new", 0755, NULL},
        {"/nowhere/below", 0755, "cannot be made"},
    };

    (void)state;
    temp_folder(root);
    snprintf(link_to, sizeof(link_to), "%s/link", root);
    assert_int_equal(symlink("/tmp", link_to), 0);
    snprintf(deep, sizeof(deep), "%s/file", root);
    assert_int_equal(mknod(deep, S_IFREG | 0644, 0), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings settings = bridge_settings_defaults();
        assert_int_equal(chmod(root, rows[i].mode), 0);
        snprintf(settings.directory, sizeof(settings.directory), "%s%s", root, rows[i].below);
        check(&settings, rows[i].below, rows[i].error);
    }
    temp_folder_remove(root);
}

static void what_is_left_may_be_as_many_as_what_is_live(void **state)
{
    BridgeSettings settings = bridge_settings_defaults();

    (void)state;
    settings.max_streams = 7;
    assert_int_equal(bridge_settings_max_held(&settings), 7);
    assert_int_equal(bridge_settings_max_ended(&settings), 7);
    settings.max_held = 3;
    settings.max_ended = 4;
    assert_int_equal(bridge_settings_max_held(&settings), 3);
    assert_int_equal(bridge_settings_max_ended(&settings), 4);
}

/* Who changes nothing is safe: twice four times the plugin's cap, and as much of all as of the most
 * streams that there may be. */
static void bounds_what_strangers_send_by_default(void **state)
{
    BridgeSettings d = bridge_settings_defaults();

    (void)state;
    assert_int_equal(d.source_bitrate, 4 * 2500000);
    assert_int_equal(d.bandwidth_mbit * MBIT, d.max_streams * d.source_bitrate);
}

static void lets_room_for_a_stream(void **state)
{
    static const struct {
        int64_t bitrate, bandwidth_mbit;
        bool taken;
    } rows[] = {
        {3000000, 0, true},
        {3000001, 3, false},
        {3000000, 3, true},
        {3000000, 100000, true},
    };

    char folder[TEMP_FOLDER_SIZE];

    (void)state;
    temp_folder(folder);
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings settings = bridge_settings_defaults();
        char error[SETTINGS_ERROR_SIZE] = "";
        snprintf(settings.directory, sizeof(settings.directory), "%s", folder);
        settings.source_bitrate = rows[i].bitrate;
        settings.bandwidth_mbit = rows[i].bandwidth_mbit;
        int status = bridge_settings_check(&settings, error);
        assert_row(status == (rows[i].taken ? 0 : -1), "bandwidth", "%lld: %d %s",
                   (long long)rows[i].bandwidth_mbit, status, error);
        assert_row(rows[i].taken || strstr(error, "sources.bandwidth"), "bandwidth", "%s", error);
    }
    temp_folder_remove(folder);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(takes_its_sample),
    cmocka_unit_test(the_sample_shows_the_defaults),
    cmocka_unit_test(parts_are_as_long_as_the_profile_has_them),
    cmocka_unit_test(takes_a_language_that_can_be_one),
    cmocka_unit_test(encryption_wants_a_folder_of_its_own),
    cmocka_unit_test(each_stream_may_have_a_method),
    cmocka_unit_test(a_key_server_wants_others_to_fit),
    cmocka_unit_test(a_webhook_for_viewers_has_a_secret),
    cmocka_unit_test(licences_have_an_address),
    cmocka_unit_test(a_ladder_may_name_a_second_sound),
    cmocka_unit_test(refuses_what_a_range_cannot_tell),
    cmocka_unit_test(refuses_a_folder_of_others),
    cmocka_unit_test(refuses_events_for_nobody),
    cmocka_unit_test(reads_webhooks),
    cmocka_unit_test(a_webhook_needs_a_secret_and_a_folder),
    cmocka_unit_test(what_is_left_may_be_as_many_as_what_is_live),
    cmocka_unit_test(bounds_what_strangers_send_by_default),
    cmocka_unit_test(lets_room_for_a_stream),
};

TEST_GROUP(bridge_settings, tests);
