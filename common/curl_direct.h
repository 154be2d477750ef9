/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CURL_DIRECT_H
#define CURL_DIRECT_H

#include <curl/curl.h>

/* For requests of a thread to a receiver that its settings name: no signal is used, the environment
 * names no proxy, and a name that nobody resolves holds up neither the thread nor the end of the
 * program. */
static inline void curl_direct(CURL *curl)
{
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
#endif
}

#endif
