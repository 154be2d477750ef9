/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_LOG_H
#define EVENT_LOG_H

/* The log as a sink: a line for each event that matters to operators.
 *
 * Thread-safety: any number of threads at once. */

#include "events/event_sink.h"

/* A sink that does not wait. */
EventSink event_log_sink(void);

#endif
