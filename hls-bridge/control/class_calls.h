/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLASS_CALLS_H
#define CLASS_CALLS_H

/* What the control API answers for a class (control.class; docs/protocol.md): /streams/NAME/look
 * and /streams/NAME/trouble.
 *
 * Thread-safety: any number of threads. */

#include "control/control_handler.h"

/* `rest` is what stands behind "/streams/". Returns whether it is such a call; then `good` takes
 * whether there is an answer, as of control_handler_answer(). */
bool class_calls_answer(StreamTable *table, const char *rest, const ControlRequest *request,
                        ControlAnswer *out, bool *good);

#endif
