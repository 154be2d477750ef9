# SPDX-License-Identifier: GPL-3.0-or-later

# the plugin without Janus: a stub in its place, and one in the bridge client's. Threads take turns:
# what they wait for is the scheduler's (fibers.h)
plugin_stubs = \
	%D%/fibers.c \
	%D%/janus_offer.c \
	%D%/plugin_play.c \
	%D%/plugin_rules.c \
	%D%/stub_bridge.c \
	%D%/stub_clock.c \
	%D%/stub_gateway.c \
	%D%/stub_hook.c
plugin_stubs_cppflags = $(AM_CPPFLAGS) $(JANUS_CPPFLAGS) $(GLIB_CFLAGS) $(JANSSON_CFLAGS)
plugin_stubs_ldflags = $(AM_LDFLAGS) -Wl,--wrap=pthread_mutex_lock,--wrap=pthread_mutex_unlock \
	-Wl,--wrap=pthread_cond_wait,--wrap=pthread_cond_clockwait,--wrap=pthread_cond_signal,--wrap=pthread_cond_broadcast \
	-Wl,--wrap=pthread_create,--wrap=pthread_join,--wrap=epoll_wait
plugin_stubs_libs = $(publisher_libs)

plugin_programs = %D%/unit-publisher
plugin-tests: $(plugin_programs)
list-plugin-tests:
	@printf '%s\n' $(plugin_programs)
check_PROGRAMS += $(plugin_programs)
%C%_unit_publisher_SOURCES = \
	%D%/test_admission.c \
	%D%/test_admission_hook.c \
	%D%/test_announcer.c \
	%D%/test_codecs.c \
	%D%/test_late_ends.c \
	%D%/test_layers.c \
	%D%/test_media_relay.c \
	%D%/test_plugin_requests.c \
	%D%/test_plugin_turns.c \
	%D%/test_publisher.c \
	%D%/test_publisher_figures.c \
	%D%/test_session.c \
	%D%/test_tokens.c \
	$(plugin_stubs)
%C%_unit_publisher_CPPFLAGS = $(plugin_stubs_cppflags)
%C%_unit_publisher_LDFLAGS = $(plugin_stubs_ldflags)
%C%_unit_publisher_LDADD = $(plugin_stubs_libs) $(unit_libs)
