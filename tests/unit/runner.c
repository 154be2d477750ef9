/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>

/* Runs the groups of tests that this program links: all of them, or those that the command line
 * names. It prints TAP, unless CMOCKA_MESSAGE_OUTPUT asks cmocka for something else. Each group has
 * a plan of its own: whoever wants one plan, or a crash to end no more than a group, runs one group
 * at a time, as ./check does if something fails.
 *
 * Exit status: 0 all passed, 1 a test failed, 2 there is no such test. */

static const char USAGE[] =
    "Usage: %s [--list | --tests | GROUP... | GROUP/TEST...]\n"
    "Runs all groups of tests, or these groups and tests.\n\n"
    "  --list    print the names of the groups\n"
    "  --tests   print each test as GROUP/TEST\n";

/* Where the linker puts what TEST_GROUP enters. */
extern const TestGroup *const __start_test_groups[];
extern const TestGroup *const __stop_test_groups[];

static int run_group(const TestGroup *group, const char *test)
{
    cmocka_set_test_filter(test);
    return _cmocka_run_group_tests(group->name, group->tests, group->count, group->setup,
                                   group->teardown);
}

static bool has_test(const TestGroup *group, const char *test)
{
    for (size_t i = 0; i < group->count; i++) {
        if (strcmp(group->tests[i].name, test) == 0)
            return true;
    }
    return false;
}

/* The group that `wanted`, GROUP or GROUP/TEST, names. `*test` is what follows the slash, NULL if
 * nothing does. NULL if there is no such group or test. */
static const TestGroup *find_group(const char *wanted, const char **test)
{
    const char *slash = strchr(wanted, '/');
    size_t len = slash ? (size_t)(slash - wanted) : strlen(wanted);

    *test = slash ? slash + 1 : NULL;
    for (const TestGroup *const *group = __start_test_groups; group < __stop_test_groups; group++) {
        if (strlen((*group)->name) == len && strncmp((*group)->name, wanted, len) == 0)
            return *test && !has_test(*group, *test) ? NULL : *group;
    }
    return NULL;
}

static void print_names(bool tests)
{
    for (const TestGroup *const *group = __start_test_groups; group < __stop_test_groups; group++) {
        if (!tests)
            printf("%s\n", (*group)->name);
        for (size_t i = 0; tests && i < (*group)->count; i++)
            printf("%s/%s\n", (*group)->name, (*group)->tests[i].name);
    }
}

int main(int argc, char **argv)
{
    int failed = 0;
    const char *test;

    if (argc == 2 && (strcmp(argv[1], "--list") == 0 || strcmp(argv[1], "--tests") == 0)) {
        print_names(strcmp(argv[1], "--tests") == 0);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return printf(USAGE, argv[0]), 0;
    for (int i = 1; i < argc; i++) {
        if (!find_group(argv[i], &test)) {
            fprintf(stderr, "%s: there is no test %s\n\n", argv[0], argv[i]);
            fprintf(stderr, USAGE, argv[0]);
            return 2;
        }
    }
    cmocka_set_message_output(CM_OUTPUT_TAP);
    for (int i = 1; i < argc; i++) {
        const TestGroup *group = find_group(argv[i], &test);
        failed += run_group(group, test);
    }
    if (argc == 1) {
        for (const TestGroup *const *group = __start_test_groups; group < __stop_test_groups;
             group++)
            failed += run_group(*group, NULL);
    }
    return failed == 0 ? 0 : 1;
}
