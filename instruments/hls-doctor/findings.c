/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES_MAX    160 /* more than there are */
#define EXAMPLE_SIZE 256

typedef struct Finding {
    const char *rule;
    bool remark;
    size_t count;
    char example[FINDINGS_EXAMPLES][EXAMPLE_SIZE];
} Finding;

struct Findings {
    size_t rules, faults;
    Finding finding[RULES_MAX];
};

Findings *findings_create(void)
{
    return calloc(1, sizeof(Findings));
}

void findings_destroy(Findings **findings)
{
    free(*findings);
    *findings = NULL;
}

static void add(Findings *f, bool remark, const char *rule, const char *format, va_list args)
{
    size_t i = 0;

    while (i < f->rules && strcmp(f->finding[i].rule, rule) != 0)
        i++;
    if (i == RULES_MAX)
        i--;
    if (i == f->rules)
        f->finding[f->rules++] = (Finding){.rule = rule, .remark = remark};
    Finding *finding = &f->finding[i];
    if (finding->count < FINDINGS_EXAMPLES)
        vsnprintf(finding->example[finding->count], EXAMPLE_SIZE, format, args);
    finding->count++;
    f->faults += !remark;
}

void findings_add(Findings *f, const char *rule, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(f, false, rule, format, args);
    va_end(args);
}

void findings_remark(Findings *f, const char *rule, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(f, true, rule, format, args);
    va_end(args);
}

size_t findings_count(const Findings *f)
{
    return f->faults;
}

static size_t examples(const Finding *finding)
{
    return finding->count < FINDINGS_EXAMPLES ? finding->count : FINDINGS_EXAMPLES;
}

static json_t *json_of(const Findings *f, bool remarks)
{
    json_t *all = json_array();

    for (size_t i = 0; i < f->rules; i++) {
        const Finding *finding = &f->finding[i];
        if (finding->remark != remarks)
            continue;
        json_t *list = json_array();
        for (size_t e = 0; e < examples(finding); e++)
            json_array_append_new(list, json_string(finding->example[e]));
        json_array_append_new(all, json_pack("{s:s, s:I, s:o}", "rule", finding->rule, "count",
                                             (json_int_t)finding->count, "examples", list));
    }
    return all;
}

json_t *findings_json(const Findings *f)
{
    return json_of(f, false);
}

json_t *findings_remarks_json(const Findings *f)
{
    return json_of(f, true);
}

static void print(const Findings *f, bool remarks, const char *word)
{
    for (size_t i = 0; i < f->rules; i++) {
        const Finding *finding = &f->finding[i];
        if (finding->remark != remarks)
            continue;
        printf("  %-6s %s (%zu times)\n", word, finding->rule, finding->count);
        for (size_t e = 0; e < examples(finding); e++)
            printf("         %s\n", finding->example[e]);
    }
}

void findings_print(const Findings *f)
{
    print(f, false, "FAULT");
    print(f, true, "remark");
}

void findings_print_count(size_t faults)
{
    if (faults > 0)
        printf("  %zu faults\n", faults);
    else
        printf("  nothing wrong\n");
}

json_t *findings_json_both(json_t *first, json_t *second)
{
    json_array_extend(first, second);
    json_decref(second);
    return first;
}
