/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "temp_file.h"

#include <sys/stat.h>

#include "settings_reader.h"
#include "webhook_sign.h"

/* An example that libraries of Standard Webhooks are tested by. */
#define SECRET    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID        "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define TIME      1614265330
#define BODY      "{\"test\": 2432232314}"
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

#define PLAIN "0123456789abcdef"

static int read_text(const char *text, WebhookSecrets *out, char *error)
{
    char path[TEMP_FILE_SIZE];

    temp_file(path, text);
    int status = webhook_secrets_read(path, out, error);
    unlink(path);
    return status;
}

static void signs_as_others_verify(void **state)
{
    WebhookSecrets secrets;
    char signature[WEBHOOK_SIGNATURE_SIZE], error[SETTINGS_ERROR_SIZE];

    (void)state;
    assert_int_equal(read_text(SECRET "\n", &secrets, error), 0);
    assert_int_equal(webhook_sign(&secrets, ID, TIME, BODY, strlen(BODY), signature), 0);
    assert_string_equal(signature, SIGNATURE);
    assert_int_equal(webhook_sign(&secrets, ID, TIME + 1, BODY, strlen(BODY), signature), 0);
    assert_string_not_equal(signature, SIGNATURE);
}

static void signs_by_each_secret(void **state)
{
    WebhookSecrets both, second;
    char signature[WEBHOOK_SIGNATURE_SIZE], alone[WEBHOOK_SIGNATURE_SIZE];
    char error[SETTINGS_ERROR_SIZE];

    (void)state;
    assert_int_equal(read_text(SECRET "\r\n" PLAIN "\r\n", &both, error), 0);
    assert_int_equal(both.count, 2);
    assert_int_equal(read_text(PLAIN, &second, error), 0);
    assert_int_equal(webhook_sign(&both, ID, TIME, BODY, strlen(BODY), signature), 0);
    assert_int_equal(webhook_sign(&second, ID, TIME, BODY, strlen(BODY), alone), 0);
    assert_int_equal(strncmp(signature, SIGNATURE " ", strlen(SIGNATURE) + 1), 0);
    assert_string_equal(signature + strlen(SIGNATURE) + 1, alone);
    assert_int_equal(webhook_sign(&(WebhookSecrets){0}, ID, TIME, BODY, strlen(BODY), alone), -1);
}

static void reads_secrets(void **state)
{
    static const struct {
        const char *text;
        size_t len; /* of the first; 0: refused */
    } rows[] = {
        {PLAIN, 16},
        {SECRET, 24},
        {"whsec_AAAAAAAAAAAAAAAAAAAAAA==", 16},
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAA=", 17},
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAA", 18},
        {"whsec_AAAAAAAAAAAAAAAAAAAA", 0}, /* 15 bytes */
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAA", 0},
        {"whsec_AAAAAAAAAAAA AAAAAAAAAAA=", 0},
        {"whsec_AAAAAAAAAAAA=AAAAAAAAAA=", 0},
        {"whsec_", 0},
        {"0123456789abcde", 0},
        {PLAIN " " PLAIN, 0},
        {PLAIN "\n" PLAIN "\n" PLAIN, 0},
        {PLAIN "\nshort", 0},
        {"", 0},
        {"\n", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        WebhookSecrets secrets;
        char error[SETTINGS_ERROR_SIZE] = "";
        int status = read_text(rows[i].text, &secrets, error);
        assert_row(status == (rows[i].len ? 0 : -1), rows[i].text, "%d %s", status, error);
        if (rows[i].len)
            assert_row(secrets.secret[0].len == rows[i].len, rows[i].text, "%zu bytes",
                       secrets.secret[0].len);
        else
            assert_row(strstr(error, "one or two webhook secrets"), rows[i].text, "%s", error);
    }
}

/* As long as they may be, both of them, and a byte longer. */
static void reads_secrets_of_any_length(void **state)
{
    char text[2 * (WEBHOOK_SECRET_MAX + 2) + 1], error[SETTINGS_ERROR_SIZE];
    WebhookSecrets secrets;

    (void)state;
    memset(text, 'x', sizeof(text));
    text[WEBHOOK_SECRET_MAX] = '\n';
    text[2 * WEBHOOK_SECRET_MAX + 1] = '\0';
    assert_int_equal(read_text(text, &secrets, error), 0);
    assert_int_equal(secrets.secret[1].len, WEBHOOK_SECRET_MAX);
    text[2 * WEBHOOK_SECRET_MAX + 1] = 'x';
    text[2 * WEBHOOK_SECRET_MAX + 2] = '\0';
    assert_int_equal(read_text(text, &secrets, error), -1);
}

static void refuses_what_others_can_read(void **state)
{
    char path[TEMP_FILE_SIZE], error[SETTINGS_ERROR_SIZE] = "";
    WebhookSecrets secrets;

    (void)state;
    temp_file(path, PLAIN);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(webhook_secrets_read(path, &secrets, error), -1);
    unlink(path);
    assert_non_null(strstr(error, "others may read or change this webhook secret"));
}

static void every_id_is_another(void **state)
{
    char a[WEBHOOK_ID_SIZE], b[WEBHOOK_ID_SIZE];

    (void)state;
    assert_int_equal(webhook_new_id(a), 0);
    assert_int_equal(webhook_new_id(b), 0);
    assert_int_equal(strlen(a), 36);
    assert_int_equal(strncmp(a, "msg_", 4), 0);
    assert_string_not_equal(a, b);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(signs_as_others_verify),
    cmocka_unit_test(signs_by_each_secret),
    cmocka_unit_test(reads_secrets),
    cmocka_unit_test(reads_secrets_of_any_length),
    cmocka_unit_test(refuses_what_others_can_read),
    cmocka_unit_test(every_id_is_another),
};

TEST_GROUP(webhook_sign, tests);
