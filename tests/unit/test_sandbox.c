/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "hls-bridge/transcode/sandbox.h"
#include "temp_file.h"

/* What a process that has shut itself in does is done by one of its own for each row. */

#define NOT_SHUT_IN 99 /* its exit status, if it could not be */
#define SUCCEEDED   0  /* ... if the call did; else its errno */

typedef struct Call {
    const char *name;
    long number;
    long argument[4];
    bool threads, devices; /* what else it may do */
} Call;

/* A function that never returns, as the compiler sees it, would be another matter: before it calls
 * one AddressSanitizer asks where the stack lies, which the sandbox forbids. */
static void leave(long status)
{
    syscall(SYS_exit_group, status);
}

static void shut_in(const Call *call)
{
    const SandboxParams params = {.threads = call->threads, .devices = call->devices};
    char error[256];

    if ((params.devices && sandbox_hold_files(error, sizeof(error)) < 0) ||
        sandbox_enter(&params, error, sizeof(error)) < 0)
        leave(NOT_SHUT_IN);
}

static long make(const Call *call)
{
    const long *a = call->argument;

    return syscall(call->number, a[0], a[1], a[2], a[3], 0L, 0L) < 0 ? errno : SUCCEEDED;
}

/* Returns the exit status of a process, or minus the number of the signal that ended it. */
static int how_it_ends(pid_t pid)
{
    int status;

    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* A kernel without Landlock lets nobody in with a device: then there is nothing to look at. */
static bool has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

static int ends_by(const Call *call)
{
    pid_t pid = fork();

    if (pid == 0) {
        shut_in(call);
        leave(make(call));
    }
    return how_it_ends(pid);
}

static void nothing_leads_out(void **state)
{
    const long tester = getpid();
    static char thread_name[] = "any";
    const Call rows[] = {
        {"a signal to another process", SYS_kill, {tester, 0}, true, true},
        {"a signal to one of its threads", SYS_tgkill, {tester, tester, 0}, true, true},
        {"a signal with a value", SYS_rt_sigqueueinfo, {tester, 0, 0}, true, true},
        {"ptrace", SYS_ptrace, {PTRACE_ATTACH, tester, 0, 0}, true, true},
        {"the memory of another process", SYS_process_vm_readv, {tester}, true, true},
        {"... written", SYS_process_vm_writev, {tester}, true, true},
        {"a descriptor of another process", SYS_pidfd_open, {tester, 0}, true, true},
        {"limits of another process", SYS_prlimit64, {tester, 0, 0, 0}, true, true},
        {"the niceness of another process", SYS_setpriority, {0, tester, 19}, true, true},
        {"prctl", SYS_prctl, {PR_SET_DUMPABLE, 1}, true, true},
        {"a process", SYS_clone, {SIGCHLD, 0}, true, true},
        {"a process that shares memory", SYS_clone, {CLONE_VM | CLONE_VFORK, 0}, true, true},
        {"a program", SYS_execve, {0, 0, 0}, true, true},
        {"a socket", SYS_socket, {1, 1, 0}, true, true},
        {"a pair of sockets", SYS_socketpair, {1, 1, 0, 0}, true, true},
        {"descriptors through the socket", SYS_sendmsg, {3, 0, 0}, true, true},
        {"shared memory", SYS_shmget, {1, 4096, 0}, true, true},
        {"a file in memory", SYS_memfd_create, {(long)thread_name, 0}, true, true},
        {"a namespace", SYS_unshare, {CLONE_NEWUSER}, true, true},
        {"io_uring", SYS_io_uring_setup, {1, 0}, true, true},
        {"bpf", SYS_bpf, {0, 0, 0}, true, true},
        {"a file taken away", SYS_unlinkat, {AT_FDCWD, 0, 0}, true, true},
        {"a file cut", SYS_ftruncate, {3, 0}, true, true},
        {"signals by a descriptor", SYS_fcntl, {3, F_SETOWN, tester}, true, true},
        {"... by the other way", SYS_ioctl, {3, FIOSETOWN, 0}, true, true},
        {"... switched on", SYS_ioctl, {3, FIOASYNC, 0}, true, true},
        {"a terminal's input", SYS_ioctl, {0, TIOCSTI, 0}, true, true},
        {"a file", SYS_openat, {AT_FDCWD, 0, O_RDONLY}, true, false},
        {"a device", SYS_ioctl, {0, 0, 0}, true, false},
        {"a descriptor more", SYS_dup, {0}, true, false},
        {"code", SYS_mmap, {0, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS}, true, false},
        {"data as code", SYS_mprotect, {0, 4096, PROT_READ | PROT_EXEC}, true, false},
        {"a thread", SYS_clone, {CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, 0}, false, true},
#ifdef __x86_64__
        {"the calls of x32", 0x40000000 | SYS_getpid, {0}, true, true},
#endif
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Call call = rows[i];
        call.devices = call.devices && has_landlock();
        int how = ends_by(&call);
        assert_row(how == -SIGSYS, rows[i].name, "%d", how);
    }
}

static void what_it_needs_goes_on(void **state)
{
    static char name[] = "any";
    const struct {
        Call call;
        int how;
    } rows[] = {
        {{"memory", SYS_mmap, {0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS}, false, false},
         SUCCEEDED},
        {{"a name", SYS_prctl, {PR_SET_NAME, (long)name}, false, false}, SUCCEEDED},
        {{"its number", SYS_getpid, {0}, false, false}, SUCCEEDED},
        {{"threads in the old way", SYS_clone3, {0, 0}, true, false}, ENOSYS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int how = ends_by(&rows[i].call);
        assert_row(how == rows[i].how, rows[i].call.name, "%d", how);
    }
}

/* A hardware encoder's library reads files and writes to devices, and that is all. */
static void with_a_device_it_changes_no_file(void **state)
{
    char path[TEMP_FILE_SIZE], memory[64], shared[] = "/dev/shm/janus-hls-test-XXXXXX";

    (void)state;
    if (!has_landlock())
        skip();
    temp_file(path, "kept");
    int fd = mkstemp(shared);
    assert_true(fd >= 0);
    close(fd);
    snprintf(memory, sizeof(memory), "/proc/%d/mem", (int)getpid());
    const struct {
        const char *name, *path;
        int flags, how;
    } rows[] = {
        {"a file that is read", path, O_RDONLY, SUCCEEDED},
        {"a device", "/dev/null", O_RDWR, SUCCEEDED},
        {"a file that is written to", path, O_WRONLY, EACCES},
        {"one among the devices", shared, O_WRONLY, EACCES},
        {"a file that is emptied", path, O_RDONLY | O_TRUNC, EACCES},
        {"a new file", "/tmp/janus-hls-test-new", O_RDONLY | O_CREAT, EACCES},
        {"the memory of another process", memory, O_RDWR, EACCES},
        {"... to be read", memory, O_RDONLY, EACCES},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const Call call = {rows[i].name,
                           SYS_openat,
                           {AT_FDCWD, (long)rows[i].path, rows[i].flags, 0600},
                           false,
                           true};
        int how = ends_by(&call);
        assert_row(how == rows[i].how, rows[i].name, "%d", how);
    }
    unlink(path);
    unlink(shared);
}

/* ---- threads that are there already ---- */

static atomic_bool is_shut_in;

static void *make_later(void *call)
{
    while (!atomic_load(&is_shut_in))
        sched_yield();
    make(call);
    return NULL;
}

/* Nothing is left of a process if one of its threads does wrong: what is left would stand still. */
static void a_thread_that_does_wrong_ends_all(void **state)
{
    static const Call rows[] = {
        {"a socket", SYS_socket, {1, 1, 0}, true, false},
#ifdef __x86_64__
        {"the calls of x32", 0x40000000 | SYS_getpid, {0}, true, false},
#endif
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        pid_t pid = fork();

        if (pid == 0) {
            pthread_t thread;
            if (pthread_create(&thread, NULL, make_later, (void *)&rows[i]) != 0)
                leave(NOT_SHUT_IN);
            shut_in(&rows[i]);
            atomic_store(&is_shut_in, true);
            pthread_join(thread, NULL);
            leave(SUCCEEDED);
        }
        int how = how_it_ends(pid);
        assert_row(how == -SIGSYS, rows[i].name, "%d", how);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(nothing_leads_out),
    cmocka_unit_test(what_it_needs_goes_on),
    cmocka_unit_test(with_a_device_it_changes_no_file),
    cmocka_unit_test(a_thread_that_does_wrong_ends_all),
};

TEST_GROUP(sandbox, tests);
