/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge_publisher.h"
#include "temp_folder.h"

#include <stdatomic.h>

#include "hls-bridge/control_api.h"
#include "janus-plugin/bridge_client.h"

#define TOKEN  "0123456789abcdef"
#define SERIAL 7 /* of what is announced; an event with another counts a hundredfold */

/* A real bridge without its programme, and what the client says of it. */
static char root[TEMP_FOLDER_SIZE], place[TEMP_FOLDER_SIZE + 16], bridge[TEMP_FOLDER_SIZE + 32];
static BridgeSettings settings;
static StreamTable *table;
static ControlApi *api;
static Publisher publisher;
static atomic_int answered, refused, unreachable, released;
static char reason[512]; /* of what was said last; read once the client has ended */

static const char *on_answer(void *user, unsigned serial, const char *sdp, size_t len)
{
    (void)user;
    atomic_fetch_add(&answered,
                     serial == SERIAL && len > 0 && memmem(sdp, len, "m=audio", 7) ? 1 : 100);
    return NULL;
}

static void on_refusal(void *user, unsigned serial, const char *why)
{
    (void)user;
    snprintf(reason, sizeof(reason), "%s", why);
    atomic_fetch_add(&refused, serial == SERIAL ? 1 : 100);
}

static void on_unreachable(void *user, unsigned serial, const char *why)
{
    (void)user;
    snprintf(reason, sizeof(reason), "%s", why);
    atomic_fetch_add(&unreachable, serial == SERIAL ? 1 : 100);
}

static void on_release(void *user)
{
    (void)user;
    atomic_fetch_add(&released, 1);
}

static BridgeClient *new_client(const char *token)
{
    const BridgeClientParams params = {
        .bridge = bridge,
        .token = token,
        .events = {on_answer, on_refusal, on_unreachable, on_release},
    };
    BridgeClient *client = bridge_client_create(&params);

    assert_non_null(client);
    return client;
}

static void start_bridge(const char *token)
{
    ControlApiParams params = {.socket = place, .table = table};

    snprintf(params.access.token, sizeof(params.access.token), "%s", token);
    api = control_api_create(&params);
    assert_non_null(api);
    assert_int_equal(control_api_serve(api), 0);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    snprintf(place, sizeof(place), "%s/control.sock", root);
    snprintf(bridge, sizeof(bridge), "unix:%s", place);
    settings = bridge_settings_defaults();
    snprintf(settings.directory, sizeof(settings.directory), "%s", root);
    table = stream_table_create(&settings, NULL, NULL);
    assert_non_null(table);
    publisher = publisher_open();
    answered = refused = unreachable = released = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    control_api_destroy(&api);
    stream_table_destroy(&table);
    publisher_close(&publisher);
    temp_folder_remove(root);
    return 0;
}

static bool is_taken(void)
{
    return stream_table_load(table).streams == 1;
}

static void announces_and_withdraws_through_a_socket_with_a_token(void **state)
{
    BridgeClient *client;

    (void)state;
    start_bridge(TOKEN);
    client = new_client(TOKEN);
    bridge_client_announce(client, "shop", publisher.offer, &client, SERIAL);
    until(answered == 1);
    assert_true(is_taken());
    bridge_client_withdraw(client, "shop", &client);
    until(!is_taken());
    until(released == 1);
    bridge_client_destroy(&client);
    assert_null(client);
    assert_int_equal(refused + unreachable, 0);
}

static void says_that_the_token_is_wrong(void **state)
{
    BridgeClient *client;

    (void)state;
    start_bridge(TOKEN);
    client = new_client(NULL);
    bridge_client_announce(client, "shop", publisher.offer, &client, SERIAL);
    until(refused == 1);
    bridge_client_destroy(&client);
    assert_non_null(strstr(reason, "control.token_file"));
    assert_false(is_taken());
    assert_int_equal(released, 1);
}

static void waits_for_a_socket_that_is_not_there_yet(void **state)
{
    BridgeClient *client = new_client(TOKEN);

    (void)state;
    bridge_client_announce(client, "shop", publisher.offer, &client, SERIAL);
    until(unreachable == 1);
    start_bridge(TOKEN);
    until(answered == 1);
    bridge_client_destroy(&client);
    assert_non_null(strstr(reason, bridge));
    assert_int_equal(released, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(announces_and_withdraws_through_a_socket_with_a_token),
        TEST(says_that_the_token_is_wrong),
        TEST(waits_for_a_socket_that_is_not_there_yet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
