/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plugin_rules.h"

#include <string.h>

#include "fibers.h"
#include "stub_bridge.h"

/* Looks at the port of each. Returns how many are live. */
static size_t check_ports(StubHandle *const *handles, unsigned count)
{
    size_t live = 0;

    for (unsigned i = 0; i < count; i++) {
        json_t *info = handles[i] ? stub_query(handles[i]) : NULL;
        const char *state = json_string_value(json_object_get(info, "state"));
        if (state && strcmp(state, "idle") == 0)
            fibers_require(!handles[i]->agent || handles[i]->close_pc);
        live += state && strcmp(state, "live") == 0;
        json_decref(info);
    }
    return live;
}

void plugin_check_ports(StubHandle *const *handles, unsigned count)
{
    check_ports(handles, count);
}

void plugin_check_publishers(StubHandle *const *handles, unsigned count)
{
    size_t live = check_ports(handles, count);

    fibers_require(stub_bridge_announced() == live);
}

void plugin_check_nothing_is_left(void)
{
    json_t *list = stub_admin("{\"request\":\"list\"}");

    fibers_require(json_array_size(json_object_get(list, "streams")) == 0);
    fibers_require(stub_bridge_announced() == 0);
    stub_bridge_release();
    fibers_require(stub_bridge_holds() == 0);
    fibers_require(stub_live_sessions == 0);
    json_decref(list);
}
