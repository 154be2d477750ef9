/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/control_access.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define HOST_SIZE 256 /* of a name, RFC 1035, and more than of an address */

/* Copies the host of "HOST", "HOST:PORT" or "[IPV6]:PORT". Returns false if `text` is none of
 * these. */
static bool read_host(const char *text, char *host, bool *bracketed)
{
    *bracketed = *text == '[';
    if (*bracketed)
        text++;
    size_t len = strcspn(text, *bracketed ? "]" : ":");
    const char *rest = text + len;

    if (len == 0 || len >= HOST_SIZE || (*bracketed && *rest++ != ']'))
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    if (*rest == '\0')
        return true;
    return *rest == ':' && rest[1 + strspn(rest + 1, "0123456789")] == '\0';
}

/* Whether `word` is in `list`, whose words are separated by spaces. */
static bool is_listed(const char *list, const char *word)
{
    for (size_t len; *(list += strspn(list, " ")); list += len) {
        len = strcspn(list, " ");
        if (len == strlen(word) && strncasecmp(list, word, len) == 0)
            return true;
    }
    return false;
}

/* The owner of a name can point it at this machine; nobody can do that with an address. */
static bool host_is_allowed(const ControlAccess *access, const char *text)
{
    struct in6_addr ignored;
    char host[HOST_SIZE];
    bool bracketed;

    if (!read_host(text, host, &bracketed))
        return false;
    if (bracketed)
        return inet_pton(AF_INET6, host, &ignored) == 1;
    return inet_pton(AF_INET, host, &ignored) == 1 || strcasecmp(host, "localhost") == 0 ||
           is_listed(access->hosts, host);
}

ControlVerdict control_access_check(const ControlAccess *access, const ControlHead *head,
                                    const char *path)
{
    if (!head->host || !host_is_allowed(access, head->host))
        return CONTROL_WRONG_HOST;
    if (head->origin && !is_listed(access->origins, head->origin))
        return CONTROL_WRONG_ORIGIN;
    if (access->token[0] && strcmp(path, "/healthz") != 0 &&
        !bearer_token_shown(head->authorization, access->token))
        return CONTROL_NO_TOKEN;
    return CONTROL_ALLOWED;
}

const char *control_access_reason(ControlVerdict verdict)
{
    static const char *const reasons[] = {
        [CONTROL_ALLOWED] = "",
        [CONTROL_WRONG_HOST] =
            "use the control API by its address or as localhost, or add the name that you use "
            "to control.hosts",
        [CONTROL_WRONG_ORIGIN] =
            "a web page may use the control API only if its origin is listed in "
            "control.origins",
        [CONTROL_NO_TOKEN] =
            "the control API needs the token in control.token_file, as "
            "\"Authorization: Bearer TOKEN\"",
    };
    return reasons[verdict];
}
