/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_PLUGIN_RULES_H
#define TEST_PLUGIN_RULES_H

/* What must be true of the plugin when all is calm. Each ends the program if it is not. */

#include "stub_gateway.h"

/* A handle that holds a port publishes, or its connection is being closed. NULL is no handle. */
void plugin_check_ports(StubHandle *const *handles, unsigned count);

/* The same, and that every live publisher is announced, and nothing else. */
void plugin_check_publishers(StubHandle *const *handles, unsigned count);

/* All handles have been detached: nobody publishes, nothing is announced, and nothing is held. Call
 * it on the thread of the bridge client. */
void plugin_check_nothing_is_left(void);

#endif
