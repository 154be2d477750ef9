/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RENDITION_REPORT_H
#define RENDITION_REPORT_H

/* What was seen of one rendition: its playlist, and its media.
 *
 * Thread-safety: one thread. */

#include <jansson.h>

#include "rendition.h"

/* For programs; the caller owns it. And for people, to stdout. */
json_t *rendition_report_json(const Rendition *rendition, const MediaRules *rules);
void rendition_report_print(const Rendition *rendition, const MediaRules *rules);

#endif
