/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <poll.h>
#include <pthread.h>

#include "harness.h"

#include "hls-bridge/ingest/rtp_source.h"
#include "hls-bridge/stream/mailbox.h"

#define WAIT_MS 60000 /* for what must come; reached only by a test that fails */

static const char offer[] =
    "v=0\r\n"
    "c=IN IP4 127.0.0.1\r\n"
    "m=audio 40000 RTP/AVPF 111\r\n"
    "a=rtpmap:111 opus/48000/2\r\n"
    "a=rtcp-mux\r\n";

static StandIn *stand_in;
static Mailbox *box;
static SourceSdp sdp;

static int setup(void **state)
{
    (void)state;
    assert_null(source_sdp_read(offer, sizeof(offer) - 1, &sdp));
    stand_in = stand_in_create(clock_system());
    box = mailbox_create();
    assert_non_null(stand_in);
    assert_non_null(box);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mailbox_destroy(&box);
    assert_null(box);
    mailbox_destroy(&box);
    stand_in_destroy(&stand_in);
    return 0;
}

static Ingest *new_source(void)
{
    const RtpSourceParams params = {
        .sdp = &sdp, .stand_in = stand_in, .backlog = 65536, .clock = clock_system()};
    Ingest *source = rtp_source_create(&params, 0, NULL);

    assert_non_null(source);
    return source;
}

/* Lets a publisher in; returns whether somebody had the stream. */
static bool publish(Ingest *source)
{
    bool replaced = false;

    assert_int_equal(mailbox_publish(box, source, NULL, &replaced), MAILBOX_ENTERED);
    return replaced;
}

static bool has_mail(void)
{
    struct pollfd fd = {.fd = mailbox_fd(box), .events = POLLIN};

    return poll(&fd, 1, 0) == 1;
}

static void test_an_empty_box(void **state)
{
    (void)state;
    assert_false(has_mail());
    assert_false(mailbox_is_taken(box));
    assert_false(mailbox_is_barred(box, 0));
    assert_int_equal(mailbox_unpublish(box), -1);
}

static void test_a_publisher_owns_the_stream_before_its_mail_is_read(void **state)
{
    Ingest *source = new_source();

    (void)state;
    assert_false(publish(source));
    assert_true(mailbox_is_taken(box));
    assert_true(has_mail());
    Mail mail = mailbox_read(box);
    assert_ptr_equal(mail.source, source);
    assert_false(mail.fixed || mail.unpublish || mail.stop);
    assert_true(mailbox_is_taken(box));
    assert_false(has_mail());
    assert_null(mailbox_read(box).source);
    ingest_destroy(&source);
}

static void test_a_publisher_takes_the_place_of_the_one_before(void **state)
{
    Ingest *last;

    (void)state;
    publish(new_source()); /* nobody reads of it: the box destroys it */
    assert_int_equal(mailbox_unpublish(box), 0);
    assert_false(publish(new_source()));
    last = new_source();
    assert_true(publish(last));
    Mail mail = mailbox_read(box);
    assert_ptr_equal(mail.source, last);
    assert_false(mail.unpublish); /* which was about another */
    assert_true(mailbox_is_taken(box));
    ingest_destroy(&last);
}

/* Whoever reads must know of one that came and went without having been read of. */
static void test_says_that_a_publisher_is_replaced(void **state)
{
    Mail mail;

    (void)state;
    publish(new_source());
    mail = mailbox_read(box);
    assert_false(mail.replaced);
    ingest_destroy(&mail.source);
    publish(new_source());
    publish(new_source());
    mail = mailbox_read(box);
    assert_true(mail.replaced);
    ingest_destroy(&mail.source);
    assert_false(mailbox_read(box).replaced);
    publish(new_source());
    assert_int_equal(mailbox_unpublish(box), 0); /* it goes, and the next one replaces nobody */
    assert_false(publish(new_source()));
    mail = mailbox_read(box);
    assert_false(mail.replaced);
    ingest_destroy(&mail.source);
}

static void test_wakes_a_reader_without_mail(void **state)
{
    (void)state;
    mailbox_wake(box);
    assert_true(has_mail());
    Mail mail = mailbox_read(box);
    assert_false(mail.unpublish || mail.stop || mail.hurry || mail.source);
    assert_false(has_mail());
}

static void test_a_publisher_goes(void **state)
{
    Mail mail;

    (void)state;
    publish(new_source());
    mail = mailbox_read(box);
    ingest_destroy(&mail.source);
    assert_int_equal(mailbox_unpublish(box), 0);
    assert_false(mailbox_is_taken(box));
    assert_true(mailbox_read(box).unpublish);
    assert_false(mailbox_read(box).unpublish);
    assert_int_equal(mailbox_unpublish(box), -1);
}

static void test_next_publisher_enters_when_one_is_ended(void **state)
{
    Mail mail;

    (void)state;
    publish(new_source());
    mail = mailbox_read(box);
    ingest_destroy(&mail.source);
    mailbox_leave(box);
    assert_false(mailbox_is_taken(box));

    mailbox_take(box);
    assert_true(mailbox_is_taken(box));
    assert_true(publish(new_source()));
    mailbox_leave(box);
    assert_true(mailbox_is_taken(box));
}

static void test_a_box_is_not_closed_while_a_publisher_waits(void **state)
{
    bool replaced;
    Ingest *late;
    Mail mail;

    (void)state;
    publish(new_source());
    assert_false(mailbox_close(box));
    mail = mailbox_read(box);
    ingest_destroy(&mail.source);
    assert_true(mailbox_close(box));
    late = new_source();
    assert_int_equal(mailbox_publish(box, late, NULL, &replaced), MAILBOX_CLOSED);
    assert_null(mailbox_read(box).source);
    ingest_destroy(&late);
}

static void test_a_stopping_reader_lets_no_publisher_in(void **state)
{
    Ingest *late = new_source();
    bool replaced;

    (void)state;
    mailbox_stop(box);
    assert_true(has_mail());
    assert_true(mailbox_read(box).stop);
    assert_true(mailbox_read(box).stop);
    assert_int_equal(mailbox_publish(box, late, NULL, &replaced), MAILBOX_CLOSED);
    ingest_destroy(&late);
}

static void test_a_publisher_wakes_a_resting_reader(void **state)
{
    bool replaced;
    Mail mail;

    (void)state;
    publish(new_source());
    assert_false(mailbox_rest(box)); /* there is mail */
    mail = mailbox_read(box);
    ingest_destroy(&mail.source);
    mailbox_leave(box);
    assert_true(mailbox_rest(box));
    assert_int_equal(mailbox_publish(box, new_source(), NULL, &replaced), MAILBOX_WAKES);
    assert_false(replaced);
    assert_true(publish(new_source())); /* one wakes the stream */
    assert_false(mailbox_close(box));
}

static void test_hurry_is_said_once(void **state)
{
    (void)state;
    mailbox_hurry(box);
    assert_true(has_mail());
    assert_true(mailbox_read(box).hurry);
    assert_false(mailbox_read(box).hurry);
}

static void test_a_bar_ends(void **state)
{
    (void)state;
    mailbox_bar(box, 10 * US_PER_S);
    assert_true(mailbox_is_barred(box, 10 * US_PER_S - 1));
    assert_false(mailbox_is_barred(box, 10 * US_PER_S));
}

#define ROUNDS 200

/* What the control API does, on its thread. */
static void *publish_and_go(void *failed)
{
    const RtpSourceParams params = {
        .sdp = &sdp, .stand_in = stand_in, .backlog = 65536, .clock = clock_system()};

    for (int i = 0; i < ROUNDS; i++) {
        Ingest *source = rtp_source_create(&params, 0, NULL);
        bool replaced;
        if (!source || mailbox_publish(box, source, NULL, &replaced) < 0)
            ++*(int *)failed;
        if (i % 3 == 0)
            mailbox_unpublish(box);
        mailbox_is_taken(box);
        mailbox_bar(box, i);
        mailbox_is_barred(box, 0);
    }
    mailbox_stop(box);
    return NULL;
}

/* Every publisher is read of, or destroyed by the box; and the end is the last that is read. */
static void test_a_thread_reads_what_another_sends(void **state)
{
    int failed = 0, read = 0;
    pthread_t thread;
    bool stop = false;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, publish_and_go, &failed), 0);
    while (!stop) {
        struct pollfd fd = {.fd = mailbox_fd(box), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, WAIT_MS), 1);
        Mail mail = mailbox_read(box);
        stop = mail.stop;
        read += mail.source != NULL;
        ingest_destroy(&mail.source);
        if (mail.unpublish)
            mailbox_leave(box);
    }
    pthread_join(thread, NULL);
    assert_int_equal(failed, 0);
    assert_in_range(read, 1, ROUNDS);
    assert_null(mailbox_read(box).source);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(test_an_empty_box),
    TEST(test_a_publisher_owns_the_stream_before_its_mail_is_read),
    TEST(test_a_publisher_takes_the_place_of_the_one_before),
    TEST(test_says_that_a_publisher_is_replaced),
    TEST(test_wakes_a_reader_without_mail),
    TEST(test_a_publisher_goes),
    TEST(test_next_publisher_enters_when_one_is_ended),
    TEST(test_a_box_is_not_closed_while_a_publisher_waits),
    TEST(test_a_stopping_reader_lets_no_publisher_in),
    TEST(test_a_publisher_wakes_a_resting_reader),
    TEST(test_hurry_is_said_once),
    TEST(test_a_bar_ends),
    TEST(test_a_thread_reads_what_another_sends),
};

TEST_GROUP(mailbox, tests);
