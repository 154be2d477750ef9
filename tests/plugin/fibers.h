/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_FIBERS_H
#define TEST_FIBERS_H

/* Threads that take turns. Of all threads that the code under test starts inside fibers_run(), one
 * runs at a time. At each lock, unlock and wait a generator draws the next one, so that a seed is
 * an interleaving that can be had again. Link with the -Wl,--wrap= of plugin_stubs_ldflags
 * (local.mk); outside fibers_run() the functions are the real ones.
 *
 * ThreadSanitizer sees each fiber as a thread, and no order between them but by the locks of the
 * code under test.
 *
 * Nothing here is thread-safe: one fibers_run() at a time. Inside it cmocka's asserts cannot jump
 * out: use fibers_require(). */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Runs `main` as the first fiber until it returns. All others must have ended by then. */
void fibers_run(uint64_t seed, void (*main)(void *), void *data);

/* Lets another run, maybe. */
void fibers_yield(void);

/* Lets the others run until each of them waits for somebody else. */
void fibers_settle(void);

/* Once: when another fiber than this one gives up its last lock, for the `nth` time (0: the first),
 * it calls `act`, which sees what has been written by now. NULL takes it back. */
void fibers_interrupt(unsigned nth, void (*act)(void));

/* A number below `n`, drawn from the seed. */
unsigned fibers_draw(unsigned n);

/* How many timed waits may still end because their time is over. */
void fibers_set_ticks(unsigned ticks);

/* How often the running fiber changed. */
uint64_t fibers_switches(void);

/* Ends the program if something is not so, and names the seed. */
#define fibers_require(condition)                                                                  \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fibers_fail(__FILE__, __LINE__, #condition);                                           \
    } while (0)
_Noreturn void fibers_fail(const char *file, int line, const char *what);

#endif
