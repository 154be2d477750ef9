/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICENESS 10 /* streams come first */

/* poll() takes no more descriptors at once than this, and those below it are taken: so it can wait
 * for one, and open none. */
#define FILES 1

/* What glibc, libavcodec, libx264 and libdav1d need once all is loaded. None of them leads out of
 * the process: of memory, time, signals to itself and what is open. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getrandom),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

static const int for_threads[] = {SCMP_SYS(set_robust_list), SCMP_SYS(rseq)};

/* A hardware encoder's library opens devices and talks to them whenever it likes. */
static const int for_devices[] = {
    SCMP_SYS(close),  SCMP_SYS(newfstatat), SCMP_SYS(fstat),    SCMP_SYS(lseek),
    SCMP_SYS(access), SCMP_SYS(readlink),   SCMP_SYS(mprotect), SCMP_SYS(mmap),
};

/* Others of these calls have the kernel send signals to any process. */
static const int for_descriptors[] = {F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL};

/* The second byte of what is asked of a device: NVIDIA's two kinds, DRM and V4L2. Terminals and
 * sockets have others. */
static const int of_devices[] = {0, 'F', 'd', 'V'};

/* ---- files, for those that may open some ---- */

/* All by which a file is changed, made, moved away or run; the filter of calls has the rest. */
#define CHANGES_OF_FILES                                                                           \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |  \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* What drivers write to. /dev as a whole has /dev/shm too, where the bridge's own files may be. */
static const char *const device_files[] = {"/dev/null", "/dev/dri", "/dev/kfd", "/dev/nvidia*",
                                           "/dev/video*"};

/* Returns 0, or an errno below 0. */
static int let_write(int rules, const char *path)
{
    struct landlock_path_beneath_attr beneath = {
        .allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE,
        .parent_fd = open(path, O_PATH | O_CLOEXEC),
    };

    if (beneath.parent_fd < 0)
        return -errno;
    long status = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    int error = status < 0 ? -errno : 0;
    close(beneath.parent_fd);
    return error;
}

/* Likewise. */
static int restrict_files(int rules)
{
    for (size_t i = 0; i < sizeof(device_files) / sizeof(device_files[0]); i++) {
        glob_t there = {0};
        int error = 0;

        if (glob(device_files[i], GLOB_NOSORT, NULL, &there) == 0)
            for (size_t k = 0; k < there.gl_pathc && !error; k++)
                error = let_write(rules, there.gl_pathv[k]);
        globfree(&there);
        if (error)
            return error;
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
                   syscall(SYS_landlock_restrict_self, rules, 0) < 0
               ? -errno
               : 0;
}

int sandbox_hold_files(char *error, size_t size)
{
    struct landlock_ruleset_attr all = {.handled_access_fs = CHANGES_OF_FILES};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
    int status = rules < 0 ? -errno : restrict_files(rules);

    if (rules >= 0)
        close(rules);
    if (status == 0)
        return 0;
    snprintf(error, size,
             "the transcoder cannot shut itself in with a device (%s): this kernel must have "
             "Landlock switched on; \"libx264\" for transcode.encoder does without",
             strerror(-status));
    return -1;
}

/* ---- rlimits ---- */

/* If the machine runs out of memory, a transcoder goes before anything else does. */
static void go_first(void)
{
    FILE *score = fopen("/proc/self/oom_score_adj", "we");

    if (!score)
        return; /* it goes on as it is */
    fputs("1000", score);
    fclose(score);
}

/* Bytes of address space that are used now; 0: that cannot be read. */
static rlim_t used(void)
{
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");

    if (!statm)
        return 0;
    if (fscanf(statm, "%lu", &pages) != 1)
        pages = 0;
    fclose(statm);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* Lowers a limit. Returns 0 or -1. */
static int limit(__rlimit_resource_t what, rlim_t most)
{
    const struct rlimit to = {most, most};

    return setrlimit(what, &to);
}

/* Returns NULL, or what cannot be limited. */
static const char *set_limits(const SandboxParams *params)
{
    rlim_t has = used();

    if (params->memory_mib > 0 &&
        (has == 0 || limit(RLIMIT_AS, has + ((rlim_t)params->memory_mib << 20)) < 0))
        return "its memory";
    if (limit(RLIMIT_CORE, 0) < 0)
        return "what it leaves behind when it dies";
    if (!params->devices && (limit(RLIMIT_FSIZE, 0) < 0 || limit(RLIMIT_NOFILE, FILES) < 0))
        return "its files";
    if (!params->threads && limit(RLIMIT_NPROC, 0) < 0)
        return "its threads";
    return NULL;
}

/* ---- seccomp ---- */

static int allow(scmp_filter_ctx filter, const int *calls, size_t count)
{
    int status = 0;

    for (size_t i = 0; i < count && status == 0; i++)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    return status;
}

/* Memory that can be written, and none that can be executed. */
static int allow_memory(scmp_filter_ctx filter)
{
    int status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

    if (status == 0)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    /* a name for a thread, which libx264 gives */
    if (status == 0)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                                  SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    return status;
}

/* clone() makes threads of this process alone. clone3() has its flags where no filter sees them:
 * glibc takes clone() if there is none. */
static int allow_threads(scmp_filter_ctx filter)
{
    int status = allow(filter, for_threads, sizeof(for_threads) / sizeof(for_threads[0]));

    if (status == 0)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    if (status == 0)
        status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    return status;
}

/* A file is opened and not made; to be emptied, it need not be opened for writing, so Landlock does
 * not see that. Both fail, since a library may try them. */
static int allow_devices(scmp_filter_ctx filter)
{
    int status = allow(filter, for_devices, sizeof(for_devices) / sizeof(for_devices[0]));

    if (status == 0)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, O_CREAT | O_TRUNC, 0));
    if (status == 0)
        status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, O_CREAT, O_CREAT));
    if (status == 0)
        status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, O_TRUNC, O_TRUNC));
    for (size_t i = 0; i < sizeof(for_descriptors) / sizeof(for_descriptors[0]) && status == 0; i++)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
                                  SCMP_A1(SCMP_CMP_EQ, for_descriptors[i]));
    for (size_t i = 0; i < sizeof(of_devices) / sizeof(of_devices[0]) && status == 0; i++)
        status = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                  SCMP_A1(SCMP_CMP_MASKED_EQ, 0xFF00, of_devices[i] << 8));
    return status;
}

/* Returns 0, or an error of libseccomp, below 0. */
static int filter_calls(const SandboxParams *params)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

    if (!filter)
        return -ENOMEM;
    /* calls of another architecture end all of it too, and not one thread; and a library that has
     * started threads already has these shut in as well */
    int status = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (status == 0)
        status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (status == 0)
        status = allow(filter, allowed, sizeof(allowed) / sizeof(allowed[0]));
    if (status == 0)
        status = allow_memory(filter);
    if (status == 0 && params->threads)
        status = allow_threads(filter);
    if (status == 0 && params->devices)
        status = allow_devices(filter);
    if (status == 0)
        status = seccomp_load(filter);
    seccomp_release(filter);
    return status;
}

int sandbox_enter(const SandboxParams *params, char *error, size_t size)
{
    (void)!nice(NICENESS); /* if it may not be so, it goes on as it is */
    go_first();
    const char *unlimited = set_limits(params);
    if (unlimited) {
        snprintf(error, size,
                 "the transcoder cannot limit %s (%s): let hls-bridge use setrlimit, as its unit "
                 "does",
                 unlimited, strerror(errno));
        return -1;
    }
    int status = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : filter_calls(params);
    if (status == 0)
        return 0;
    snprintf(error, size,
             "the transcoder cannot shut itself in (%s): this kernel must have seccomp, and let "
             "hls-bridge use it",
             strerror(-status));
    return -1;
}
