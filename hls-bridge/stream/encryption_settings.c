/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/encryption_settings.h"

#include <stdio.h>
#include <string.h>

#include "base/own_folder.h"
#include "base/stream_texts.h"
#include "keys/key_proof.h"
#include "settings_reader.h"

#define DIRECTORY "encryption.directory"

static const struct {
    const char *name;
    MediaCipher cipher;
} methods[] = {{"none", MEDIA_CLEAR}, {"aes-128", MEDIA_AES_128}, {"cbcs", MEDIA_CBCS}};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

/* Reads a method. Returns whether there is such. */
static bool read_method(const char *name, MediaCipher *cipher)
{
    for (size_t i = 0; i < METHODS; i++)
        if (strcmp(methods[i].name, name) == 0) {
            *cipher = methods[i].cipher;
            return true;
        }
    return false;
}

/* How a stream is encrypted, by settings that were checked. */
static MediaCipher cipher_of(const BridgeSettings *settings, const char *stream)
{
    MediaCipher cipher = MEDIA_CLEAR;
    StreamText own;

    read_method(stream_texts_find(settings->encryption_streams, stream, &own)
                    ? own.text
                    : settings->encryption_method,
                &cipher);
    return cipher;
}

/* Whether there is a stream, of those that are named and of all others, that is encrypted so; by
 * settings that were checked. */
static bool have_cipher(const BridgeSettings *settings, MediaCipher wanted)
{
    const char *text = settings->encryption_streams;
    MediaCipher cipher = MEDIA_CLEAR;
    StreamTextProblem problem;
    StreamText own;

    if (read_method(settings->encryption_method, &cipher) && cipher == wanted)
        return true;
    while (stream_texts_next(&text, &own, &problem))
        if (read_method(own.text, &cipher) && cipher == wanted)
            return true;
    return false;
}

/* Takes a name of a list with commas off its front. */
static const char *take_name(const char **list, size_t *len)
{
    const char *name = *list + strspn(*list, " ,");

    *len = strcspn(name, " ,");
    *list = name + *len;
    return name;
}

CpixSystems encryption_settings_systems(const BridgeSettings *settings)
{
    const char *list = settings->keys.systems, *name;
    CpixSystems all = 0;
    size_t len;

    while (name = take_name(&list, &len), len > 0) {
        CpixSystems one = 0;
        for (unsigned i = 0; i < CPIX_SYSTEMS_MAX; i++)
            if (strlen(cpix_system_name((CpixSystem)i)) == len &&
                strncmp(cpix_system_name((CpixSystem)i), name, len) == 0)
                one = 1U << i;
        if (!one)
            return 0;
        all |= one;
    }
    return all;
}

/* Keys go over no network in clear. */
static bool is_safe(const char *url)
{
    static const char *const begins[] = {
        "https://",          "http://127.0.0.1/", "http://127.0.0.1:", "http://localhost/",
        "http://localhost:", "http://[::1]/",     "http://[::1]:"};

    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
        if (strncmp(url, begins[i], strlen(begins[i])) == 0 && url[strlen(begins[i])])
            return i == 0 || !strchr(url, '@'); /* behind which another name may stand */
    return false;
}

/* What a key server asks of the other settings. Returns NULL, or a sentence. */
static const char *look_at_others(const BridgeSettings *s)
{
    if (!have_cipher(s, MEDIA_CBCS) || !s->ll_enabled)
        return "encryption.key_server gives keys of samples: set encryption.method, or that of a "
               "stream in encryption.streams, to \"cbcs\", and ll.enabled";
    if (s->writes_ts)
        return "encryption.key_server wants hls.ts = false: keys of classic HLS are given to "
               "players, so who has none from a licence server could watch that";
    if (*s->encryption_key_uri || *s->clearkey_uri)
        return "encryption.key_server says where players get keys: leave encryption.key_uri and "
               "encryption.clearkey_uri empty";
    if (s->samples_rotate > 0 && s->samples_rotate < MEDIA_KEY_ASKED_MIN)
        return "encryption.rotate_samples must be 0, or 10 and more, with encryption.key_server";
    return NULL;
}

static int check_key_server(const BridgeSettings *settings, char *error)
{
    const BridgeKeyServer *k = &settings->keys;
    const char *wrong = NULL;
    char why[KEY_PROOF_WHY_SIZE] = "";
    KeyProof proof;

    if (*k->url == '\0')
        return 0;
    if (!is_safe(k->url))
        wrong = "encryption.key_server must be an https:// URL, or http:// on this machine";
    else if (encryption_settings_systems(settings) == 0)
        wrong = "encryption.systems must be some of widevine, playready and fairplay, with commas";
    else if (strcmp(k->away, "keep") != 0 && strcmp(k->away, "stop") != 0)
        wrong = "encryption.away must be \"keep\" or \"stop\"";
    else if (!key_proof_make(k->header_file, k->secret_file, (const uint8_t[UUID_BYTES]){0}, 0, "",
                             0, &proof, why))
        wrong = why;
    else
        wrong = look_at_others(settings);
    explicit_bzero(&proof, sizeof(proof));
    if (wrong)
        snprintf(error, SETTINGS_ERROR_SIZE, "%s%s",
                 wrong == why ? "encryption.header_file or secret_file: " : "", wrong);
    return wrong ? -1 : 0;
}

/* Returns 0, or -1 with a sentence. */
static int check_methods(const BridgeSettings *settings, char *error)
{
    const char *text = settings->encryption_streams;
    StreamTextProblem problem;
    MediaCipher cipher;
    StreamText own;

    if (!read_method(settings->encryption_method, &cipher)) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "encryption.method \"%s\" must be \"none\", \"aes-128\" or \"cbcs\"",
                 settings->encryption_method);
        return -1;
    }
    while (stream_texts_next(&text, &own, &problem)) {
        if (problem == STREAM_TEXT_NO_EQUALS)
            snprintf(error, SETTINGS_ERROR_SIZE,
                     "encryption.streams: write it as \"shop = cbcs; class-* = aes-128\"");
        else if (problem == STREAM_TEXT_NO_NAME)
            snprintf(error, SETTINGS_ERROR_SIZE,
                     "encryption.streams: before \"=\" stands a stream's name, or its beginning "
                     "and a star: " STREAM_NAME_RULE);
        else if (problem == STREAM_TEXT_LONG || !read_method(own.text, &cipher))
            snprintf(error, SETTINGS_ERROR_SIZE,
                     "encryption.streams: %s: \"%s\" must be \"none\", \"aes-128\" or \"cbcs\"",
                     own.stream, own.text);
        else
            continue;
        return -1;
    }
    return 0;
}

int encryption_settings_check(const BridgeSettings *settings, char *error)
{
    const char *directory = settings->encryption_directory;

    if (check_methods(settings, error) < 0)
        return -1;
    if (*settings->encryption_key_uri && !media_key_uri_valid(settings->encryption_key_uri)) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "encryption.key_uri \"%s\" must be as \"https://keys.example/{stream}/{id}\": an "
                 "address with {id} in it, or empty for keys that nginx gives out",
                 settings->encryption_key_uri);
        return -1;
    }
    if (*settings->clearkey_uri &&
        (!media_key_uri_valid(settings->clearkey_uri) || strpbrk(settings->clearkey_uri, "&<>"))) {
        snprintf(error, SETTINGS_ERROR_SIZE,
                 "encryption.clearkey_uri \"%s\" must be as "
                 "\"https://keys.example/clearkey/{stream}/{id}\": an address with {id} in it and "
                 "without &, < and >, or empty",
                 settings->clearkey_uri);
        return -1;
    }
    if (check_key_server(settings, error) < 0)
        return -1;
    if (!have_cipher(settings, MEDIA_AES_128) && !have_cipher(settings, MEDIA_CBCS))
        return 0;
    if (own_folder_check(DIRECTORY, directory, 0750, error) < 0)
        return -1;
    if (!own_folder_is_within(directory, settings->directory) &&
        !own_folder_is_within(settings->directory, directory))
        return 0;
    snprintf(error, SETTINGS_ERROR_SIZE,
             DIRECTORY
             " %s and hls.directory are one within the other: everybody may fetch from "
             "one of them, so keys want a folder of their own",
             directory);
    return -1;
}

MediaEncryption encryption_settings_of(const BridgeSettings *settings, const char *stream,
                                       const KeySource *source)
{
    return (MediaEncryption){
        .cipher = cipher_of(settings, stream),
        .directory = settings->encryption_directory,
        .rotate = settings->encryption_rotate,
        .rotate_samples = settings->samples_rotate,
        .uri = settings->encryption_key_uri,
        .clearkey_uri = settings->clearkey_uri,
        .source = source,
        .stops = strcmp(settings->keys.away, "stop") == 0,
    };
}

bool encryption_settings_allow_thumbnails(const BridgeSettings *settings, const char *stream)
{
    return cipher_of(settings, stream) == MEDIA_CLEAR || settings->encryption_thumbnails;
}

bool encryption_settings_leave_dash_out(const BridgeSettings *settings)
{
    return settings->ll_enabled && settings->ll_dash && have_cipher(settings, MEDIA_AES_128);
}
