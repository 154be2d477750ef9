/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RENDITION_REPORT_H
#define RENDITION_REPORT_H

/* What was seen of one rendition, its playlist and its media, of an I-frame playlist, and of the
 * renditions' cuts.
 *
 * Thread-safety: one thread. */

#include <jansson.h>

#include "iframe_list.h"
#include "rendition.h"

/* For programs; the caller owns it. And for people, to stdout. */
json_t *rendition_report_json(const Rendition *rendition, const MediaRules *rules);
void rendition_report_print(const Rendition *rendition, const MediaRules *rules);

/* Likewise. */
json_t *iframe_report_json(const IframeList *list, IframeHistory history);
void iframe_report_print(const IframeList *list, IframeHistory history);
json_t *alignment_report_json(AlignHistory history);
void alignment_report_print(AlignHistory history);

#endif
