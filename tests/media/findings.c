/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULES_MAX    64
#define EXAMPLE_SIZE 256

typedef struct Fault {
    const char *rule;
    size_t count;
    char example[FINDINGS_EXAMPLES][EXAMPLE_SIZE];
} Fault;

struct Findings {
    size_t rules, count;
    Fault fault[RULES_MAX];
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

void findings_add(Findings *f, const char *rule, const char *format, ...)
{
    size_t i = 0;
    va_list args;

    while (i < f->rules && strcmp(f->fault[i].rule, rule) != 0)
        i++;
    if (i == RULES_MAX)
        i--;
    if (i == f->rules)
        f->fault[f->rules++] = (Fault){.rule = rule};
    Fault *fault = &f->fault[i];
    if (fault->count < FINDINGS_EXAMPLES) {
        va_start(args, format);
        vsnprintf(fault->example[fault->count], EXAMPLE_SIZE, format, args);
        va_end(args);
    }
    fault->count++;
    f->count++;
}

size_t findings_count(const Findings *f)
{
    return f->count;
}

static size_t examples(const Fault *fault)
{
    return fault->count < FINDINGS_EXAMPLES ? fault->count : FINDINGS_EXAMPLES;
}

json_t *findings_json(const Findings *f)
{
    json_t *all = json_array();

    for (size_t i = 0; i < f->rules; i++) {
        const Fault *fault = &f->fault[i];
        json_t *list = json_array();
        for (size_t e = 0; e < examples(fault); e++)
            json_array_append_new(list, json_string(fault->example[e]));
        json_array_append_new(all, json_pack("{s:s, s:I, s:o}", "rule", fault->rule, "count",
                                             (json_int_t)fault->count, "examples", list));
    }
    return all;
}

void findings_print(const Findings *f)
{
    for (size_t i = 0; i < f->rules; i++) {
        const Fault *fault = &f->fault[i];
        printf("  FAULT  %s (%zu times)\n", fault->rule, fault->count);
        for (size_t e = 0; e < examples(fault); e++)
            printf("         %s\n", fault->example[e]);
    }
}
