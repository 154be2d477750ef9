/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_STUB_HOOK_H
#define TEST_STUB_HOOK_H

/* In place of janus-plugin/hook/hook_client.c: keeps what is asked, and the test says what becomes
 * of it.
 *
 * Thread-safety: that of the client. The functions below are for one thread, in place of the
 * client's own. */

#include <stdbool.h>
#include <stddef.h>

#include "janus-plugin/hook/hook_answer.h"

/* How many questions wait, and the body of the last that was asked. */
size_t stub_hook_waiting(void);
const char *stub_hook_asked(void);

/* Answers the question that has waited longest: with a JSON text, or with a verdict that is none.
 * Returns false if none waits. */
bool stub_hook_answer(const char *json);
bool stub_hook_fail(AdmissionVerdict verdict);

/* Answers each question at once with this text, before hook_client_ask() returns; NULL: not. */
void stub_hook_answer_at_once(const char *json);

#endif
