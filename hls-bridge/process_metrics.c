/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process_metrics.h"

#include <dirent.h>
#include <libavcodec/avcodec.h>
#include <libavutil/avutil.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hls_config.h"

#include "clock.h"
#include "metrics_text.h"

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
    double per_second = (double)sysconf(_SC_CLK_TCK), page = (double)sysconf(_SC_PAGESIZE);
    /* to a tenth of a second, or each look would give another */
    int64_t boot_ds = (clock_us(CLOCK_REALTIME) - clock_us(CLOCK_BOOTTIME)) / (100 * US_PER_MS);
    ProcessStat s;

    if (!read_stat(&s))
        return;
    metrics_single(out, "process_cpu_seconds_total", "counter", "CPU time used, user and system.",
                   (double)(s.user_ticks + s.system_ticks) / per_second);
    metrics_single(out, "process_resident_memory_bytes", "gauge", "Resident memory.",
                   (double)s.pages * page);
    metrics_single(out, "process_virtual_memory_bytes", "gauge", "Virtual memory.",
                   (double)s.bytes);
    metrics_single(out, "process_threads", "gauge", "Threads.", (double)s.threads);
    metrics_single(out, "process_start_time_seconds", "gauge", "Start, since 1970.",
                   (double)boot_ds / 10 + (double)s.start_ticks / per_second);
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
