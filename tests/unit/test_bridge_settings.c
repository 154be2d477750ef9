/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample_file.h"

#include "hls-bridge/bridge_settings.h"
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
    assert_int_equal(got->ll_dash, d.ll_dash);
    assert_string_equal(got->ll_socket, d.ll_socket);
    assert_int_equal(got->source_timeout_us, d.source_timeout_us);
    assert_int_equal(got->backlog, d.backlog);
    assert_int_equal(got->audio_bitrate, d.audio_bitrate);
    assert_string_equal(got->control_address, d.control_address);
    assert_int_equal(got->control_port, d.control_port);
    assert_int_equal(got->max_streams, d.max_streams);
    assert_int_equal(got->max_held, d.max_held);
    assert_int_equal(got->max_ended, d.max_ended);
    assert_int_equal(got->source_bitrate, d.source_bitrate);
    assert_int_equal(got->bandwidth_mbit, d.bandwidth_mbit);
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

static void refuses_what_a_range_cannot_tell(void **state)
{
    static const struct {
        const char *address, *directory, *error; /* NULL: taken */
    } rows[] = {
        {"127.0.0.1", "/tmp", NULL},
        {"127.255.0.9", "/tmp", NULL},
        {"0.0.0.0", "/tmp", "is not a loopback address"},
        {"10.0.0.1", "/tmp", "is not a loopback address"},
        {"localhost", "/tmp", "is not a loopback address"},
        {"127.0.0.1", "/nowhere/below", "cannot be made"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings settings = bridge_settings_defaults();
        char error[SETTINGS_ERROR_SIZE] = "";
        snprintf(settings.control_address, sizeof(settings.control_address), "%s", rows[i].address);
        snprintf(settings.directory, sizeof(settings.directory), "%s", rows[i].directory);
        int status = bridge_settings_check(&settings, error);
        assert_row(status == (rows[i].error ? -1 : 0), rows[i].address, "%d %s", status, error);
        if (rows[i].error)
            assert_row(strstr(error, rows[i].error), rows[i].address, "%s", error);
    }
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

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        BridgeSettings settings = bridge_settings_defaults();
        char error[SETTINGS_ERROR_SIZE] = "";
        strcpy(settings.directory, "/tmp");
        settings.source_bitrate = rows[i].bitrate;
        settings.bandwidth_mbit = rows[i].bandwidth_mbit;
        int status = bridge_settings_check(&settings, error);
        assert_row(status == (rows[i].taken ? 0 : -1), "bandwidth", "%lld: %d %s",
                   (long long)rows[i].bandwidth_mbit, status, error);
        assert_row(rows[i].taken || strstr(error, "sources.bandwidth"), "bandwidth", "%s", error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_its_sample), cmocka_unit_test(the_sample_shows_the_defaults),
        cmocka_unit_test(refuses_what_a_range_cannot_tell),
        cmocka_unit_test(what_is_left_may_be_as_many_as_what_is_live),
        cmocka_unit_test(lets_room_for_a_stream)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
