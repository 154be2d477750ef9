/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_PLUGIN_RULES_H
#define TEST_PLUGIN_RULES_H

/* What must be so of the plugin whenever all is calm. Each ends the program where it is not. */

#include "stub_gateway.h"

/* A handle that holds a port publishes, or is about to be hung up. NULL is no handle. */
void plugin_check_ports(StubHandle *const *handles, unsigned count);

/* Whoever is live is announced, and nobody else. */
void plugin_check_announced(StubHandle *const *handles, unsigned count);

/* All handles have been detached: nobody publishes, nothing is announced, and nothing is held. Call
 * it on the thread of the bridge client. */
void plugin_check_nothing_is_left(void);

#endif
