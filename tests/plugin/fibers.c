/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fibers.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <ucontext.h>

/* gcc says by macros what clang says by features */
#if defined(__SANITIZE_THREAD__)
#define SEES_THREADS 1
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SEES_ADDRESSES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEES_ADDRESSES 1
#endif
#endif

#if SEES_THREADS
#include <sanitizer/tsan_interface.h>
#endif
#if SEES_ADDRESSES
#include <sanitizer/common_interface_defs.h>
#endif

#define FIBERS_MAX 24
#define STACK_SIZE 131072
#define STUCK      1000000 /* draws in a row after which it is clear that nobody can run */
#define IO_ODDS    8 /* one in so many draws lets a fiber that waits for a socket look at it */

/* What the scheduler itself does must not look like a race, nor like an order; and it runs so often
 * that what other sanitizers see in it would take longer than it does. */
#define UNSEEN                                                                                     \
    __attribute__((no_sanitize("thread"), no_sanitize("address"), no_sanitize("undefined"),        \
                   noinline))

typedef enum FiberState {
    FIBER_UNUSED,
    FIBER_READY,
    FIBER_LOCKING, /* waits for a mutex, which it tries when its turn comes */
    FIBER_WAITING, /* for `condition` or the end of a fiber, until it is woken */
    FIBER_TIMED,   /* likewise, or for its time */
    FIBER_POLLING, /* for a descriptor, which it looks at when its turn comes */
    FIBER_DONE,
} FiberState;

typedef struct Fiber {
    FiberState state;
    void *stands[5]; /* where it gave its turn away, as __builtin_setjmp() keeps it */
    ucontext_t begins;
    bool begun;
    void *stack;
    size_t stack_size;
    void *(*start)(void *);
    void *data;
    const void *condition;
    bool timed_out;
    unsigned locks; /* that it holds */
    void *asan_fake, *tsan;
} Fiber;

static struct {
    Fiber fiber[FIBERS_MAX]; /* the first is the caller of fibers_run() */
    Fiber *running;
    uint32_t can, may; /* a bit for each fiber: it can go on, or it may if a draw says so */
    uint64_t seed, random, switches;
    unsigned ticks;
    void (*act)(void); /* of fibers_interrupt() */
    const Fiber *not_on;
    unsigned places; /* to let pass before it */
} sched;
static __thread bool inside; /* this thread is the one that fibers run on */

int __real_pthread_mutex_lock(pthread_mutex_t *);
int __real_pthread_mutex_unlock(pthread_mutex_t *);
int __real_pthread_cond_wait(pthread_cond_t *, pthread_mutex_t *);
int __real_pthread_cond_clockwait(pthread_cond_t *, pthread_mutex_t *, clockid_t,
                                  const struct timespec *);
int __real_pthread_cond_signal(pthread_cond_t *);
int __real_pthread_cond_broadcast(pthread_cond_t *);
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __real_pthread_join(pthread_t, void **);
int __real_epoll_wait(int, struct epoll_event *, int, int);
int __wrap_pthread_mutex_lock(pthread_mutex_t *);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *);
int __wrap_pthread_cond_wait(pthread_cond_t *, pthread_mutex_t *);
int __wrap_pthread_cond_clockwait(pthread_cond_t *, pthread_mutex_t *, clockid_t,
                                  const struct timespec *);
int __wrap_pthread_cond_signal(pthread_cond_t *);
int __wrap_pthread_cond_broadcast(pthread_cond_t *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_join(pthread_t, void **);
int __wrap_epoll_wait(int, struct epoll_event *, int, int);

void fibers_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: not so: %s (seed %llu)\n", file, line, what,
            (unsigned long long)sched.seed);
    abort();
}

/* ---- whose turn it is ---- */

UNSEEN static uint64_t draw(void)
{
    sched.random ^= sched.random << 13; /* xorshift64, Marsaglia 2003 */
    sched.random ^= sched.random >> 7;
    sched.random ^= sched.random << 17;
    return sched.random * 0x2545f4914f6cdd1dull >> 32;
}

UNSEEN unsigned fibers_draw(unsigned n)
{
    return (unsigned)(draw() % n);
}

UNSEEN void fibers_set_ticks(unsigned ticks)
{
    sched.ticks = ticks;
}

UNSEEN uint64_t fibers_switches(void)
{
    return sched.switches;
}

/* Tells ThreadSanitizer of an order that pthread gives: at the start and the end of a thread. */
UNSEEN static void order_before(Fiber *fiber)
{
#if SEES_THREADS
    __tsan_release(fiber);
#else
    (void)fiber;
#endif
}

UNSEEN static void order_after(Fiber *fiber)
{
#if SEES_THREADS
    __tsan_acquire(fiber);
#else
    (void)fiber;
#endif
}

UNSEEN static void set_state(Fiber *fiber, FiberState state)
{
    uint32_t bit = 1u << (fiber - sched.fiber);

    fiber->state = state;
    sched.can &= ~bit;
    sched.may &= ~bit;
    if (state == FIBER_READY || state == FIBER_LOCKING)
        sched.can |= bit;
    else if (state == FIBER_TIMED || state == FIBER_POLLING)
        sched.may |= bit;
}

/* swapcontext() would ask the kernel for the signals that each fiber blocks, twice at a switch; and
 * sanitizers have one in its place, as they have for longjmp(), which forgets where the bounds of
 * variables in the next stack are: that takes long, and what goes beyond them later is not seen. */
UNSEEN _Noreturn static void go_on(Fiber *fiber)
{
    if (!fiber->begun) {
        fiber->begun = true;
        setcontext(&fiber->begins);
    }
    __builtin_longjmp(fiber->stands, 1);
}

UNSEEN static void switch_to(Fiber *next)
{
    Fiber *from = sched.running;

    if (next == from)
        return;
    sched.running = next;
    sched.switches++;
#if SEES_THREADS
    __tsan_switch_to_fiber(next->tsan, __tsan_switch_to_fiber_no_sync);
#endif
#if SEES_ADDRESSES
    __sanitizer_start_switch_fiber(&from->asan_fake, next->stack, next->stack_size);
#endif
    if (__builtin_setjmp(from->stands) == 0)
        go_on(next);
#if SEES_ADDRESSES
    __sanitizer_finish_switch_fiber(sched.running->asan_fake, NULL, NULL);
#endif
}

/* Of those that may go on, those that a draw lets; if all is `quiet`, all. */
UNSEEN static uint32_t draw_waiting(bool quiet)
{
    uint32_t drawn = 0;

    for (uint32_t left = sched.may; left; left &= left - 1) {
        const Fiber *fiber = &sched.fiber[__builtin_ctz(left)];
        if (fiber->state == FIBER_TIMED && sched.ticks == 0)
            continue;
        if (quiet || draw() % IO_ODDS == 0)
            drawn |= left & -left;
    }
    return drawn;
}

/* Draws who runs next, maybe the one that runs. */
UNSEEN static void next_turn(void)
{
    uint32_t candidates = sched.can | draw_waiting(false);

    if (!candidates)
        candidates = draw_waiting(true);
    if (!candidates)
        fibers_fail(__FILE__, __LINE__, "somebody can go on");
    for (uint64_t n = draw() % (unsigned)__builtin_popcount(candidates); n > 0; n--)
        candidates &= candidates - 1;
    Fiber *next = &sched.fiber[__builtin_ctz(candidates)];
    if (next->state == FIBER_TIMED) {
        sched.ticks--;
        next->timed_out = true;
        set_state(next, FIBER_READY);
    }
    switch_to(next);
}

UNSEEN void fibers_yield(void)
{
    next_turn();
}

/* Whether another has something to do, or its time may come. */
UNSEEN static bool others_run(void)
{
    uint32_t others = ~(1u << (sched.running - sched.fiber));

    if (sched.can & others)
        return true;
    for (uint32_t left = sched.may & others; left && sched.ticks > 0; left &= left - 1)
        if (sched.fiber[__builtin_ctz(left)].state == FIBER_TIMED)
            return true;
    return false;
}

UNSEEN void fibers_settle(void)
{
    for (unsigned calm = 0, draws = 0; calm < 4 * IO_ODDS; calm++) {
        if (others_run())
            calm = 0;
        if (++draws > STUCK)
            fibers_fail(__FILE__, __LINE__, "it settles");
        next_turn();
    }
}

/* ---- the start and the end of a fiber ---- */

/* It never returns, so the sanitizer must keep no frame for it. */
UNSEEN static void fiber_main(void)
{
#if SEES_ADDRESSES
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
    for (;;) {
        Fiber *self = sched.running;
        order_after(self);
        self->start(self->data);
        order_before(self);
        set_state(self, FIBER_DONE);
        for (unsigned i = 0; i < FIBERS_MAX; i++)
            if (sched.fiber[i].state == FIBER_WAITING && sched.fiber[i].condition == self)
                set_state(&sched.fiber[i], FIBER_READY);
        next_turn();
    }
}

UNSEEN static Fiber *new_fiber(void)
{
    unsigned i = 1;

    while (i < FIBERS_MAX && sched.fiber[i].state != FIBER_UNUSED)
        i++;
    if (i == FIBERS_MAX)
        fibers_fail(__FILE__, __LINE__, "there is room for a thread more");
    Fiber *fiber = &sched.fiber[i];
    if (fiber->stack)
        return fiber; /* one that has ended starts again: its stack still stands in fiber_main() */
    fiber->stack_size = STACK_SIZE;
    fiber->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (fiber->stack == MAP_FAILED)
        fibers_fail(__FILE__, __LINE__, "there is memory for a stack");
    getcontext(&fiber->begins);
    fiber->begins.uc_stack.ss_sp = fiber->stack;
    fiber->begins.uc_stack.ss_size = STACK_SIZE;
    makecontext(&fiber->begins, fiber_main, 0);
#if SEES_THREADS
    fiber->tsan = __tsan_create_fiber(0);
#endif
    return fiber;
}

UNSEEN void fibers_run(uint64_t seed, void (*main)(void *), void *data)
{
    Fiber *first = &sched.fiber[0];

    sched.seed = seed;
    sched.random = seed * 0x9e3779b97f4a7c15ull + 1;
    sched.ticks = 0;
    if (!first->stack) {
        pthread_attr_t attributes;
        if (pthread_getattr_np(pthread_self(), &attributes) != 0)
            abort();
        pthread_attr_getstack(&attributes, &first->stack, &first->stack_size);
        pthread_attr_destroy(&attributes);
    }
#if SEES_THREADS
    first->tsan = __tsan_get_current_fiber();
#endif
    first->begun = true;
    set_state(first, FIBER_READY);
    sched.running = first;
    inside = true;
    main(data);
    inside = false;
    for (unsigned i = 1; i < FIBERS_MAX; i++)
        if (sched.fiber[i].state != FIBER_UNUSED)
            fibers_fail(__FILE__, __LINE__, "every thread has been joined");
}

/* ---- in place of pthread's ---- */

UNSEEN static void take_mutex(pthread_mutex_t *mutex)
{
    for (unsigned tries = 0; pthread_mutex_trylock(mutex) == EBUSY; tries++) {
        if (tries > STUCK)
            fibers_fail(__FILE__, __LINE__, "a lock is given back");
        set_state(sched.running, FIBER_LOCKING);
        next_turn();
    }
    set_state(sched.running, FIBER_READY);
}

UNSEEN void fibers_interrupt(unsigned nth, void (*act)(void))
{
    order_before(sched.fiber);
    sched.act = act;
    sched.not_on = sched.running;
    sched.places = nth;
}

UNSEEN static void interrupt(void)
{
    void (*act)(void) = sched.act;

    if (!act || sched.running == sched.not_on || sched.running->locks > 0 || sched.places-- > 0)
        return;
    sched.act = NULL;
    order_after(sched.fiber);
    act();
}

UNSEEN int __wrap_pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (!inside)
        return __real_pthread_mutex_lock(mutex);
    next_turn();
    take_mutex(mutex);
    sched.running->locks++;
    return 0;
}

UNSEEN int __wrap_pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    int status = __real_pthread_mutex_unlock(mutex);

    if (inside) {
        sched.running->locks--;
        interrupt();
        next_turn();
    }
    return status;
}

UNSEEN static int wait_for(const void *condition, pthread_mutex_t *mutex, FiberState how)
{
    Fiber *self = sched.running;

    self->condition = condition;
    self->timed_out = false;
    set_state(self, how);
    if (mutex)
        __real_pthread_mutex_unlock(mutex);
    next_turn();
    bool timed_out = self->timed_out;
    if (mutex)
        take_mutex(mutex);
    return timed_out ? ETIMEDOUT : 0;
}

UNSEEN int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex)
{
    if (!inside)
        return __real_pthread_cond_wait(condition, mutex);
    return wait_for(condition, mutex, FIBER_WAITING);
}

UNSEEN int __wrap_pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                         clockid_t clock, const struct timespec *until)
{
    if (!inside)
        return __real_pthread_cond_clockwait(condition, mutex, clock, until);
    return wait_for(condition, mutex, FIBER_TIMED);
}

UNSEEN static void wake(const void *condition, unsigned most)
{
    unsigned first = fibers_draw(FIBERS_MAX);

    for (unsigned n = 0; n < FIBERS_MAX && most > 0; n++) {
        Fiber *fiber = &sched.fiber[(first + n) % FIBERS_MAX];
        bool waits = fiber->state == FIBER_WAITING || fiber->state == FIBER_TIMED;
        if (waits && fiber->condition == condition) {
            set_state(fiber, FIBER_READY);
            most--;
        }
    }
}

UNSEEN int __wrap_pthread_cond_signal(pthread_cond_t *condition)
{
    if (!inside)
        return __real_pthread_cond_signal(condition);
    wake(condition, 1);
    return 0;
}

UNSEEN int __wrap_pthread_cond_broadcast(pthread_cond_t *condition)
{
    if (!inside)
        return __real_pthread_cond_broadcast(condition);
    wake(condition, FIBERS_MAX);
    return 0;
}

UNSEEN int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                 void *(*start)(void *), void *data)
{
    if (!inside)
        return __real_pthread_create(thread, attributes, start, data);
    Fiber *fiber = new_fiber();
    fiber->start = start;
    fiber->data = data;
    order_before(fiber);
    set_state(fiber, FIBER_READY);
    *thread = (pthread_t)fiber;
    return 0;
}

UNSEEN int __wrap_pthread_join(pthread_t thread, void **result)
{
    Fiber *fiber = (Fiber *)thread;

    if (!inside)
        return __real_pthread_join(thread, result);
    while (fiber->state != FIBER_DONE)
        wait_for(fiber, NULL, FIBER_WAITING);
    order_after(fiber);
    set_state(fiber, FIBER_UNUSED);
    return 0;
}

UNSEEN int __wrap_epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
    if (!inside || timeout_ms == 0)
        return __real_epoll_wait(fd, events, max, timeout_ms);
    for (;;) {
        int n = __real_epoll_wait(fd, events, max, 0);
        if (n != 0)
            return n;
        set_state(sched.running, FIBER_POLLING);
        next_turn();
        set_state(sched.running, FIBER_READY);
    }
}
