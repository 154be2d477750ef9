/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/process_metrics.h"

#include <dirent.h>
#include <libavcodec/avcodec.h>
#include <libavutil/avutil.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/media.h"
#include "base/metrics_text.h"

/* What /proc/self/stat has of interest, proc(5). */
typedef struct ProcessStat {
    unsigned long user_ticks, system_ticks, threads, bytes;
    unsigned long long start_ticks; /* since boot */
    long pages;                     /* resident */
} ProcessStat;

static bool read_stat(ProcessStat *s)
{
    char text[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

    if (file)
        fclose(file);
    text[len] = '\0';
    /* the second field is a name in parentheses, which may have any character */
    const char *rest = strrchr(text, ')');
    return rest && sscanf(rest,
                          ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d "
                          "%lu %*d %llu %lu %ld",
                          &s->user_ticks, &s->system_ticks, &s->threads, &s->start_ticks, &s->bytes,
                          &s->pages) == 6;
}

static double ticks_to_s(unsigned long long ticks)
{
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static int64_t resident_bytes(const ProcessStat *s)
{
    return s->pages * sysconf(_SC_PAGESIZE);
}

bool process_use_read(ProcessUse *use)
{
    cpu_set_t cpus;
    ProcessStat s;

    if (!read_stat(&s) || sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
        return false;
    use->cpu_s = ticks_to_s(s.user_ticks + s.system_ticks);
    use->up_s = (double)clock_since_boot_us() / US_PER_S - ticks_to_s(s.start_ticks);
    use->resident_bytes = resident_bytes(&s);
    use->cpus = CPU_COUNT(&cpus);
    return true;
}

static int count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = -1; /* the folder's own */

    if (!dir)
        return -1;
    for (const struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void write_stat(FILE *out)
{
    /* to a tenth of a second, or each look would give another */
    int64_t boot_ds = (clock_unix_us(clock_system()) - clock_since_boot_us()) / (100 * US_PER_MS);
    ProcessStat s;

    if (!read_stat(&s))
        return;
    metrics_single(out, "process_cpu_seconds_total", "counter", "CPU time used, user and system.",
                   ticks_to_s(s.user_ticks + s.system_ticks));
    metrics_single(out, "process_resident_memory_bytes", "gauge", "Resident memory.",
                   (double)resident_bytes(&s));
    metrics_single(out, "process_virtual_memory_bytes", "gauge", "Virtual memory.",
                   (double)s.bytes);
    metrics_single(out, "process_threads", "gauge", "Threads.", (double)s.threads);
    metrics_single(out, "process_start_time_seconds", "gauge", "Start, since 1970.",
                   (double)boot_ds / 10 + ticks_to_s(s.start_ticks));
}

void process_metrics_write(FILE *out)
{
    struct rlimit limit;
    int open_fds = count_descriptors();
    char labels[256];

    write_stat(out);
    if (open_fds >= 0)
        metrics_single(out, "process_open_fds", "gauge", "Open file descriptors.", open_fds);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        metrics_single(out, "process_max_fds", "gauge", "File descriptors that may be open.",
                       (double)limit.rlim_cur);
    snprintf(labels, sizeof(labels), "version=\"%s\",libav=\"%s\"", PACKAGE_VERSION,
             av_version_info());
    metrics_family(out, "hls_bridge_build_info", "gauge", "What this is built of; always 1.");
    metrics_sample(out, "hls_bridge_build_info", labels, 1);
}
